import { createHash } from "node:crypto";
import type { z } from "zod";
import type { BotDefinition } from "../bots/bot.ts";
import type { ConfigProblem } from "../core/faults/errors.ts";
import { minuteOfDay } from "../core/schedule/quiet-hours.ts";
import type { AgentDefinition, BudgetLimit, EventRule } from "../core/session/agent-definition.ts";
import type { ShadowSettings } from "../core/session/shadow-settings.ts";
import { canonicalJson, isJsonObject, type Json, type JsonObject } from "../core/text/json.ts";
import { durationMs } from "../core/time/duration.ts";
import { type AgentSettings, agentSchema } from "./agent-schema.ts";
import { schemaProblems } from "./config-problems.ts";
import type { Environment } from "./env.ts";
import { runningHandoff } from "./handoff-schema.ts";
import { type JsonPath, pathText } from "./json-path.ts";
import { readMessageFiles } from "./message-files.ts";
import { publishDefinition, unmaskDefinition } from "./publish-agent.ts";
import { resolveReferences } from "./references.ts";
import { inputSchema } from "./schema-node.ts";
import { runningSpeech } from "./speech-schema.ts";
import { refusalText } from "./turns-schema.ts";
import { parseOwnKeys, unknownName } from "./typed-config.ts";

/** An agent of a configuration file. */
export interface ConfiguredAgent extends AgentDefinition {
  /** The agent as written in the file. It may contain secrets. Only `restoreAgent` uses it. */
  source: JsonObject;
  /** Days after its last change until a session is erased. Null: the setting of the service counts. */
  retentionDays: number | null;
  /** Another agent that answers its turns, too. Null: none. */
  shadow: ShadowSettings | null;
}

/** The place where an agent is written, and the environment and bots that it may use. */
export interface AgentOrigin {
  file: string;
  /** Path of the configuration file. Paths of message files are relative to it. */
  location: string;
  path: JsonPath;
  env: Environment;
  bots: Readonly<Record<string, BotDefinition>>;
}

/** An agent, or all its problems. `secrets` are values that must not be shown. */
export interface LoadedAgent {
  agent: ConfiguredAgent | null;
  settings: AgentSettings | null;
  problems: ConfigProblem[];
  secrets: string[];
}

/** Checks one agent, and returns both its runnable and its published form. */
export function loadAgent(slug: string, content: Json, origin: AgentOrigin): LoadedAgent {
  const { path } = origin;
  const files = readMessageFiles(content, origin);
  const { source } = files;
  const resolved = resolveReferences(source, origin.env, origin);
  const { value, secrets } = resolved;
  if (!isJsonObject(value) || !isJsonObject(source)) {
    return { agent: null, settings: null, problems: [notAnAgent(origin)], secrets };
  }

  const { bot: botValue, ...own } = value;
  const parsed = agentSchema.safeParse(own);
  const bot = loadBot(botValue, { ...origin, path: [...path, "bot"] });
  const problems = [
    ...files.problems,
    ...resolved.problems,
    ...(parsed.success ? [] : settingsProblems(parsed.error.issues, own, origin)),
    ...bot.problems,
  ].filter(isFirstAtPath);
  if (!parsed.success || bot.bot === null || problems.length > 0) {
    return { agent: null, settings: parsed.data ?? null, problems, secrets };
  }

  // These are not part of a version. A return to an earlier prompt must erase no session, and a comparison
  // must not create a new version.
  const { retentionDays = null, shadow = null, ...versioned } = parsed.data;
  const { retentionDays: _days, shadow: _shadow, ...written } = source;
  const { events, budgets, quietHours, handoff, speech, ...plain } = versioned;
  const { name = slug, seedMessage = null, ...settings } = plain;
  const published = publishDefinition(slug, written, versioned);
  const agent = {
    ...settings,
    slug,
    name,
    seedMessage,
    bot: bot.bot,
    turns: { ...settings.turns, refusal: refusalText(settings.turns) },
    events: events.map(toEventRule),
    handoff: runningHandoff(handoff),
    speech: runningSpeech(speech),
    quietHours: quietHours ? runningQuietHours(quietHours) : null,
    budgets: { ...budgets, limits: budgets.limits.map(toBudgetLimit) },
    published,
    digest: digestOf(published),
    source,
    retentionDays,
    shadow,
  };
  return { agent, settings: parsed.data, problems, secrets };
}

function notAnAgent({ file, path }: AgentOrigin): ConfigProblem {
  return { path: pathText(file, path), problem: "is not an agent", fix: "write an object in { }" };
}

function runningQuietHours({ from, to, timezone }: NonNullable<AgentSettings["quietHours"]>) {
  return { from: minuteOfDay(from), to: minuteOfDay(to), timezone };
}

/**
 * Makes an earlier published version ready to run, with the current environment. Secrets that the file contains
 * directly, not as references, come from `current`, the agent in the current file.
 */
export function restoreAgent(
  slug: string,
  published: JsonObject,
  current: ConfiguredAgent | null,
  origin: Pick<AgentOrigin, "env" | "bots">,
): LoadedAgent {
  const source = unmaskDefinition(published, current?.source);
  const place = { file: "published version", location: "", path: ["agents", slug] };
  return loadAgent(slug, source, { ...origin, ...place });
}

function loadBot(
  value: Json | undefined,
  origin: AgentOrigin,
): { bot: AgentDefinition["bot"] | null; problems: ConfigProblem[] } {
  const { file, path, bots } = origin;
  const types = Object.keys(bots);
  if (!isJsonObject(value)) {
    const problem = value === undefined ? "is missing" : "is not an object";
    const fix = `write { "type": … } with one of ${types.join(", ")}`;
    return { bot: null, problems: [{ path: pathText(file, path), problem, fix }] };
  }
  const { type, ...own } = value;
  const definition = typeof type === "string" && Object.hasOwn(bots, type) ? bots[type] : undefined;
  if (definition === undefined) {
    return { bot: null, problems: [unknownName(type, { file, path: [...path, "type"] }, "bot", types)] };
  }
  const { config, problems } = parseOwnKeys(definition.configSchema, own, { file, path, siblings: ["type"] });
  return { bot: config === null ? null : { type: definition.type, config }, problems };
}

function settingsProblems(
  issues: readonly z.core.$ZodIssue[],
  own: JsonObject,
  origin: AgentOrigin,
): ConfigProblem[] {
  const schema = { allOf: [inputSchema(agentSchema), { properties: { bot: {} } }] };
  return schemaProblems(issues, { ...origin, schema, value: own });
}

/** Converts a checked event rule into its runtime form, with durations in milliseconds. */
function toEventRule(rule: AgentSettings["events"][number]): EventRule {
  const actions = rule.do.map((action) =>
    action.action === "schedule_message" ? { ...action, afterMs: durationMs(action.after) } : action,
  );
  const { on, attempts } = rule;
  if (rule.on !== "timeout") {
    return { on, attempts, do: actions, afterMs: null, times: 1, from: "last_message" };
  }
  const { after, times, from } = rule;
  return { on, attempts, do: actions, afterMs: durationMs(after), times, from };
}

function toBudgetLimit(limit: AgentSettings["budgets"]["limits"][number]): BudgetLimit {
  const { per, window, messages = null, tokens = null } = limit;
  return { per, windowMs: durationMs(window), messages, tokens };
}

/**
 * True for the first problem at a path. An unset variable leaves its reference in place. The schema may then refuse
 * that too, but one report is enough.
 */
function isFirstAtPath(problem: ConfigProblem, index: number, all: readonly ConfigProblem[]): boolean {
  return all.findIndex((other) => other.path === problem.path) === index;
}

function digestOf(value: JsonObject): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}
