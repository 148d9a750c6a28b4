import type { ConfigProblem } from "../core/faults/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/text/json.ts";
import { type AgentSettings, nameSchema } from "./agent-schema.ts";
import { approverProblems } from "./approver-problems.ts";
import { configFileSchema, type Registries } from "./config-file.ts";
import { schemaProblems } from "./config-problems.ts";
import { loadDesks } from "./desk-problems.ts";
import type { Environment } from "./env.ts";
import type { Desk } from "./handoff-schema.ts";
import { pathText } from "./json-path.ts";
import { type ConfiguredAgent, loadAgent } from "./load-agent.ts";
import { type ChannelConfig, loadChannel } from "./load-channel.ts";
import { nameFix } from "./nearest.ts";
import { resolveReferences } from "./references.ts";
import { inputSchema } from "./schema-node.ts";
import { shadowProblems } from "./shadow-schema.ts";
import type { Simulation } from "./simulation.ts";

/** One configuration file, checked. */
export interface WorkspaceConfig {
  slug: string;
  /** Name of the file in problems. */
  file: string;
  agents: Record<string, ConfiguredAgent>;
  channels: Record<string, ChannelConfig>;
  desks: Record<string, Desk>;
}

/** A workspace, and all problems of its file. It is complete only if there are none. */
export interface LoadedWorkspace {
  workspace: WorkspaceConfig;
  problems: ConfigProblem[];
  secrets: string[];
}

interface WorkspaceOrigin extends Registries {
  file: string;
  /** Path of the file. */
  location: string;
  env: Environment;
  simulation: Simulation;
}

/** Checks the content of one file, and that its references exist. */
export function loadWorkspace(content: Json, origin: WorkspaceOrigin): LoadedWorkspace {
  const { file, env } = origin;
  const workspace: WorkspaceConfig = { slug: "", file, agents: {}, channels: {}, desks: {} };
  if (!isJsonObject(content)) {
    const problem = { path: file, problem: "is not a configuration", fix: "write an object in { }" };
    return { workspace, problems: [problem], secrets: [] };
  }
  const slug = resolveReferences(content.workspace ?? null, env, { file, path: ["workspace"] });
  const value = { ...content, ...(content.workspace === undefined ? {} : { workspace: slug.value }) };
  const shell = configFileSchema.safeParse(value);
  const problems = [
    ...slug.problems,
    ...(shell.success
      ? []
      : schemaProblems(shell.error.issues, { file, path: [], schema: inputSchema(configFileSchema), value })),
  ];
  const secrets: string[] = [];
  workspace.slug = shell.data?.workspace ?? nameSchema.safeParse(slug.value).data ?? "";

  const settings = new Map<string, AgentSettings | null>();
  for (const [name, source] of entriesOf(content.agents)) {
    const loaded = loadAgent(name, source, { ...origin, path: ["agents", name] });
    problems.push(...loaded.problems);
    secrets.push(...loaded.secrets);
    settings.set(name, loaded.settings);
    if (loaded.agent !== null) workspace.agents[name] = loaded.agent;
  }
  for (const [name, source] of entriesOf(content.channels)) {
    const loaded = loadChannel(name, source, { ...origin, path: ["channels", name] });
    problems.push(...loaded.problems, ...agentProblems(name, source, settings, origin));
    problems.push(...routedProblems(loaded.channel, settings, origin));
    secrets.push(...loaded.secrets);
    if (loaded.channel !== null) workspace.channels[name] = loaded.channel;
  }
  problems.push(...entriesOf(content.agents).flatMap((agent) => handoverProblems(agent, settings, origin)));
  const names = entriesOf(content.agents).map(([name]) => name);
  problems.push(...shadowProblems(workspace.agents, names, origin));
  const agents = entriesOf(content.agents);
  const channels = entriesOf(content.channels);
  const kinds = Object.entries(origin.channels).flatMap(([kind, { capabilities }]) =>
    capabilities.desks === true ? [kind] : [],
  );
  const parts = { file, env, agents, channels, kinds };
  const written = entriesOf(content.desks);
  const loaded = loadDesks(written, parts);
  problems.push(...loaded.problems, ...approverProblems(Object.values(workspace.channels), written, parts));
  workspace.desks = loaded.desks;
  return { workspace, problems, secrets };
}

function entriesOf(value: Json | undefined): [string, Json][] {
  return isJsonObject(value) ? Object.entries(value) : [];
}

/** Checks that the channel's agent exists, and that each required variable has a source on this kind of channel. */
function agentProblems(
  name: string,
  source: Json,
  agents: ReadonlyMap<string, AgentSettings | null>,
  origin: WorkspaceOrigin,
): ConfigProblem[] {
  if (!isJsonObject(source) || typeof source.agent !== "string") return [];
  const agent = source.agent;
  const path = pathText(origin.file, ["channels", name, "agent"]);
  if (!agents.has(agent)) {
    return [{ path, problem: missingAgent(agent), fix: nameFix(agent, [...agents.keys()]) }];
  }
  if (source.enabled === false) return [];
  const kind = typeof source.kind === "string" ? source.kind : "";
  return variableProblems(agent, agents.get(agent)?.variables ?? {}, path, kind, origin);
}

/** Checks the same for the agents that a channel chooses from. */
function routedProblems(
  channel: ChannelConfig | null,
  agents: ReadonlyMap<string, AgentSettings | null>,
  origin: WorkspaceOrigin,
): ConfigProblem[] {
  if (channel?.config == null) return [];
  const routed = origin.channels[channel.kind]?.agents?.(channel.config) ?? [];
  return routed.flatMap((agent) => {
    const path = pathText(origin.file, ["channels", channel.name, "agents", agent]);
    if (!agents.has(agent))
      return [{ path, problem: missingAgent(agent), fix: nameFix(agent, [...agents.keys()]) }];
    return variableProblems(agent, agents.get(agent)?.variables ?? {}, path, channel.kind, origin);
  });
}

function variableProblems(
  agent: string,
  variables: AgentSettings["variables"],
  path: string,
  kind: string,
  origin: WorkspaceOrigin,
): ConfigProblem[] {
  return variablesWithoutSource(variables, kind, origin.channels).map((variable) => ({
    path,
    problem: `needs the variable "${variable}" of agent "${agent}", and nothing on a ${kind} channel supplies it`,
    fix: `give agents.${agent}.variables.${variable} a "default", or leave out "required"`,
  }));
}

/**
 * Required variables without a source. API callers supply variables with each session. Other channels have only the
 * platform's profile and the defaults.
 */
function variablesWithoutSource(
  variables: AgentSettings["variables"],
  kind: string,
  channels: Registries["channels"],
): string[] {
  if (kind === "api" || !Object.hasOwn(channels, kind)) return [];
  const fromProfile = channels[kind]?.capabilities.profileVariables ?? [];
  return Object.entries(variables)
    .filter(([name, spec]) => spec.required && spec.default === undefined && !fromProfile.includes(name))
    .map(([name]) => name);
}

/**
 * Checks that `start_agent` names an agent of the same file. Reads the unparsed file, because the agent may have other
 * problems too.
 */
function handoverProblems(
  [name, source]: [string, Json],
  agents: ReadonlyMap<string, AgentSettings | null>,
  { env, file }: WorkspaceOrigin,
): ConfigProblem[] {
  const path = ["agents", name];
  const { value } = resolveReferences(source, env, { file, path });
  return itemsOf(isJsonObject(value) ? value.events : undefined).flatMap((rule, ruleIndex) =>
    itemsOf(rule.do).flatMap(({ action, agent }, index) => {
      if (action !== "start_agent" || typeof agent !== "string" || agents.has(agent)) return [];
      const at = pathText(file, [...path, "events", ruleIndex, "do", index, "agent"]);
      return [{ path: at, problem: missingAgent(agent), fix: nameFix(agent, [...agents.keys()]) }];
    }),
  );
}

/** The items of a list, with an empty object in place of each non-object, so that positions stay the same. */
function itemsOf(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.map((item) => (isJsonObject(item) ? item : {})) : [];
}

function missingAgent(slug: string): string {
  return `names the agent "${slug}", which is not in this file`;
}
