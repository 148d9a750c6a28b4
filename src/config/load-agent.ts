import { createHash } from "node:crypto";
import type { z } from "zod";
import type { BotDefinition } from "../bots/bot.ts";
import type { AgentDefinition, BudgetLimit, EventRule } from "../core/agent-definition.ts";
import { durationMs } from "../core/duration.ts";
import type { ConfigProblem } from "../core/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import { minuteOfDay } from "../core/quiet-hours.ts";
import { type AgentSettings, agentSchema } from "./agent-schema.ts";
import { schemaProblems } from "./config-problems.ts";
import type { Environment } from "./env.ts";
import { type JsonPath, pathText } from "./json-path.ts";
import { publishDefinition, unmaskDefinition } from "./publish-agent.ts";
import { resolveReferences } from "./references.ts";
import { inputSchema } from "./schema-node.ts";
import { parseOwnKeys, unknownName } from "./typed-config.ts";

/** An agent of a configuration file. */
export interface ConfiguredAgent extends AgentDefinition {
  /** As it stands in the file; may hold secrets. Only for `reviveAgent`. */
  written: JsonObject;
}

/** Where an agent was written and what it may use. */
export interface AgentOrigin {
  file: string;
  path: JsonPath;
  env: Environment;
  bots: Readonly<Record<string, BotDefinition>>;
}

/** An agent, or every problem with it. `secrets` are values that must not be shown. */
export interface LoadedAgent {
  agent: ConfiguredAgent | null;
  settings: AgentSettings | null;
  problems: ConfigProblem[];
  secrets: string[];
}

/** Checks one agent as written and gives both its forms. */
export function loadAgent(slug: string, written: Json, origin: AgentOrigin): LoadedAgent {
  const { file, path } = origin;
  const resolved = resolveReferences(written, origin.env, origin);
  const { value, secrets } = resolved;
  if (!isJsonObject(value) || !isJsonObject(written)) {
    const problem = { path: pathText(file, path), problem: "is not an agent", fix: "write an object in { }" };
    return { agent: null, settings: null, problems: [problem], secrets };
  }

  const { bot: botValue, ...own } = value;
  const parsed = agentSchema.safeParse(own);
  const bot = loadBot(botValue, { ...origin, path: [...path, "bot"] });
  const problems = [
    ...resolved.problems,
    ...(parsed.success ? [] : settingsProblems(parsed.error.issues, own, origin)),
    ...bot.problems,
  ].filter(firstAtItsPath);
  if (!parsed.success || bot.bot === null || problems.length > 0) {
    return { agent: null, settings: parsed.data ?? null, problems, secrets };
  }

  const { events, budgets, quietHours, name = slug, seedMessage = null, ...settings } = parsed.data;
  const published = publishDefinition(slug, written, parsed.data);
  const agent = {
    ...settings,
    slug,
    name,
    seedMessage,
    bot: bot.bot,
    events: events.map(runningRule),
    quietHours: quietHours
      ? { from: minuteOfDay(quietHours.from), to: minuteOfDay(quietHours.to), timezone: quietHours.timezone }
      : null,
    budgets: { ...budgets, limits: budgets.limits.map(runningLimit) },
    published,
    digest: digestOf(published),
    written,
  };
  return { agent, settings: parsed.data, problems, secrets };
}

/**
 * Makes a version that was published earlier ready to run again, with the environment of today. Secrets that were
 * written into the file instead of referenced come from `current`, the agent as the file has it now.
 */
export function reviveAgent(
  slug: string,
  published: JsonObject,
  current: ConfiguredAgent | null,
  origin: Pick<AgentOrigin, "env" | "bots">,
): LoadedAgent {
  const written = unmaskDefinition(published, current?.written);
  return loadAgent(slug, written, { ...origin, file: "published version", path: ["agents", slug] });
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

/** Of a time that passed the schema: `22:30`. */
function runningRule(rule: AgentSettings["events"][number]): EventRule {
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

function runningLimit(limit: AgentSettings["budgets"]["limits"][number]): BudgetLimit {
  const { per, window, messages = null, tokens = null } = limit;
  return { per, windowMs: durationMs(window), messages, tokens };
}

/** A variable that is not set leaves its reference in place, which the schema may then refuse too: once is enough. */
function firstAtItsPath(problem: ConfigProblem, index: number, all: readonly ConfigProblem[]): boolean {
  return all.findIndex((other) => other.path === problem.path) === index;
}

function digestOf(value: JsonObject): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}

function canonicalJson(value: Json): string {
  return JSON.stringify(value, (_key, node: Json) =>
    isJsonObject(node) ? Object.fromEntries(Object.entries(node).sort(([a], [b]) => (a < b ? -1 : 1))) : node,
  );
}
