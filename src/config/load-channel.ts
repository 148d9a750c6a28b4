import type { ChannelDefinition } from "../channels/channel-definition.ts";
import type { ConfigProblem } from "../core/faults/errors.ts";
import type { ConfiguredAccess } from "../core/session/access-settings.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/text/json.ts";
import { runningAccess } from "./access-schema.ts";
import { channelCommonSchema, missingKinds, type Registries } from "./config-file.ts";
import { schemaProblems } from "./config-problems.ts";
import type { Environment } from "./env.ts";
import { type JsonPath, pathText } from "./json-path.ts";
import { resolveReferences } from "./references.ts";
import { inputSchema } from "./schema-node.ts";
import { madeUpSecret, type Simulation } from "./simulation.ts";
import { parseOwnKeys, unknownName } from "./typed-config.ts";

/** A channel of a configuration file. */
export interface ChannelConfig {
  name: string;
  kind: string;
  /** Slug of the agent that answers. */
  agent: string;
  enabled: boolean;
  /**
   * Settings that passed the schema of the channel's kind, including secrets. Null for a disabled channel, because its
   * settings are not read.
   */
  config: Record<string, unknown> | null;
  /** Rules about access to the bot. Null: everybody has it. */
  access: ConfiguredAccess | null;
  /** The settings that connect it to the simulator at a URL; null: it uses the real platform. */
  simulated: ((url: string) => Record<string, unknown>) | null;
}

/** A channel, or all its problems. `secrets` are values that must not be shown. */
export interface LoadedChannel {
  channel: ChannelConfig | null;
  problems: ConfigProblem[];
  secrets: string[];
}

interface ChannelOrigin {
  file: string;
  path: JsonPath;
  env: Environment;
  channels: Registries["channels"];
  simulation: Simulation;
}

const commonKeys = Object.keys(channelCommonSchema.shape);

/** Checks one channel. For a disabled channel it checks only the keys that every channel has. */
export function loadChannel(name: string, source: Json, origin: ChannelOrigin): LoadedChannel {
  const { file, path } = origin;
  if (!isJsonObject(source)) {
    const problem = {
      path: pathText(file, path),
      problem: "is not a channel",
      fix: "write an object in { }",
    };
    return { channel: null, problems: [problem], secrets: [] };
  }
  const { parsed, problems, unresolved } = readCommonKeys(source, origin);
  const { definition, problem } = findKind(source.kind, source.enabled !== false, origin);
  if (problem !== null && !problems.some((other) => other.path === problem.path)) problems.push(problem);

  if (source.enabled === false) {
    const channel = parsed.success
      ? withoutSimulate(parsed.data, { name, config: null, access: null, simulated: null })
      : null;
    return { channel: problems.length === 0 ? channel : null, problems, secrets: [] };
  }
  problems.push(...unresolved, ...accessProblems(source, definition, origin));
  const isSimulated = source.simulate === true || origin.simulation.kinds.includes(definition?.kind ?? "");
  if (isSimulated) problems.push(...simulationProblems(source, definition, origin));
  const own = Object.fromEntries(Object.entries(source).filter(([key]) => !commonKeys.includes(key)));
  const resolved = resolveReferences(withoutUnset(own, definition, isSimulated, origin), origin.env, origin);
  problems.push(...resolved.problems);
  const given = isJsonObject(resolved.value) ? resolved.value : {};
  const simulated = (url: string): JsonObject =>
    definition?.simulated?.(given, { url, secret: (what) => madeUpSecret(name, what) }) ?? given;
  const check = (checked: JsonObject) =>
    definition && parseOwnKeys(definition.configSchema, checked, { file, path, siblings: commonKeys });
  const checked = check(isSimulated ? simulated(UNKNOWN_URL) : given);
  const reported = new Set(problems.map((known) => known.path));
  problems.push(...(checked?.problems ?? []).filter((found) => !reported.has(found.path)));
  if (!parsed.success || problems.length > 0 || checked === null)
    return { channel: null, problems, secrets: resolved.secrets };
  const channel = withoutSimulate(parsed.data, {
    name,
    config: checked.config,
    access: runningAccess(parsed.data.access, definition ?? {}),
    simulated: isSimulated ? (url) => check(simulated(url))?.config ?? {} : null,
  });
  return { channel, problems, secrets: resolved.secrets };
}

/** Checks the keys that every channel has. `unresolved`: the problems of references in them. */
function readCommonKeys(source: JsonObject, origin: ChannelOrigin) {
  const written = Object.fromEntries(Object.entries(source).filter(([key]) => commonKeys.includes(key)));
  const referring = resolveReferences(written, origin.env, origin);
  const value = isJsonObject(referring.value) ? referring.value : written;
  const parsed = channelCommonSchema.safeParse(value);
  const problems = parsed.success
    ? []
    : schemaProblems(parsed.error.issues, { ...origin, schema: inputSchema(channelCommonSchema), value });
  return { parsed, problems, unresolved: referring.problems };
}

/** Takes the place of the simulator's URL until the simulator listens. */
const UNKNOWN_URL = "http://127.0.0.1:9";

function withoutSimulate(
  { kind, agent, enabled }: { kind: string; agent: string; enabled: boolean },
  rest: Pick<ChannelConfig, "name" | "config" | "access" | "simulated">,
): ChannelConfig {
  return { kind, agent, enabled, ...rest };
}

/** On some kinds of channels, our own pages or keys already decide who may write. */
function accessProblems(
  { access }: JsonObject,
  definition: ChannelDefinition | null,
  { file, path }: ChannelOrigin,
): ConfigProblem[] {
  if (access === undefined || definition?.capabilities.knowsCallers !== true) return [];
  const problem = `is not possible on a channel of kind ${definition.kind}, which lets in only callers with a token or a key`;
  return [{ path: pathText(file, [...path, "access"]), problem, fix: "remove it" }];
}

/** Reasons why a channel cannot be simulated. */
function simulationProblems(
  source: JsonObject,
  definition: ChannelDefinition | null,
  { file, path, simulation, channels }: ChannelOrigin,
): ConfigProblem[] {
  const isInFile = source.simulate === true;
  const at = isInFile ? pathText(file, [...path, "simulate"]) : "environment: CAUSEWAY_SIMULATE";
  if (simulation.refusal !== null) return [{ path: at, ...simulation.refusal }];
  if (definition === null || definition.simulated !== undefined) return [];
  const kinds = Object.values(channels).filter((each) => each.simulated !== undefined);
  const names = kinds.map(({ kind }) => kind).join(", ");
  const problem = `is true, and there is no simulator of ${definition.kind}`;
  return [{ path: at, problem, fix: `remove it; it exists for ${names}` }];
}

/** Removes keys that this configuration does not use, if their variables are unset. */
function withoutUnset(
  own: JsonObject,
  definition: ChannelDefinition | null,
  isSimulated: boolean,
  origin: ChannelOrigin,
): JsonObject {
  const { value } = resolveReferences(own, origin.env, origin);
  // The simulator makes up whatever is missing.
  const optional = isSimulated
    ? Object.keys(own)
    : (definition?.optionalKeys?.(isJsonObject(value) ? value : {}) ?? []);
  const isUnset = (item: Json) => resolveReferences(item, origin.env, origin).problems.length > 0;
  return Object.fromEntries(
    Object.entries(own).filter(([key, item]) => !optional.includes(key) || !isUnset(item)),
  );
}

function findKind(
  kind: Json | undefined,
  enabled: boolean,
  origin: ChannelOrigin,
): { definition: ChannelDefinition | null; problem: ConfigProblem | null } {
  const at = { file: origin.file, path: [...origin.path, "kind"] };
  const { channels } = origin;
  if (typeof kind === "string" && Object.hasOwn(channels, kind)) {
    return { definition: channels[kind] ?? null, problem: null };
  }
  const missing = missingKinds(channels);
  if (typeof kind !== "string" || !missing.includes(kind)) {
    const known = [...Object.keys(channels), ...missing];
    return { definition: null, problem: unknownName(kind, at, "kind of channel", known) };
  }
  const problem = {
    path: pathText(at.file, at.path),
    problem: `is "${kind}", which this version cannot run yet`,
    fix: 'add "enabled": false to this channel, or remove it',
  };
  return { definition: null, problem: enabled ? problem : null };
}
