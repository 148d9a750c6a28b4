import type { ChannelDefinition } from "../channels/channel.ts";
import type { ConfigProblem } from "../core/errors.ts";
import { isJsonObject, type Json } from "../core/json.ts";
import { channelCommonSchema, missingKinds, type Registries } from "./config-file.ts";
import { schemaProblems } from "./config-problems.ts";
import type { Environment } from "./env.ts";
import { type JsonPath, pathText } from "./json-path.ts";
import { resolveReferences } from "./references.ts";
import { inputSchema } from "./schema-node.ts";
import { parseOwnKeys, unknownName } from "./typed-config.ts";

/** A channel of a configuration file. */
export interface ChannelConfig {
  name: string;
  kind: string;
  /** The slug of the agent that answers. */
  agent: string;
  enabled: boolean;
  /** Has passed the schema of its kind, secrets included. Null while the channel is switched off: nothing was read. */
  config: Record<string, unknown> | null;
}

/** A channel, or every problem with it. `secrets` are values that must not be shown. */
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
}

const commonKeys = Object.keys(channelCommonSchema.shape);

/** Checks one channel as written; of one that is switched off, only the keys that every channel has. */
export function loadChannel(name: string, written: Json, origin: ChannelOrigin): LoadedChannel {
  const { file, path } = origin;
  if (!isJsonObject(written)) {
    const problem = {
      path: pathText(file, path),
      problem: "is not a channel",
      fix: "write an object in { }",
    };
    return { channel: null, problems: [problem], secrets: [] };
  }
  const common = Object.fromEntries(Object.entries(written).filter(([key]) => commonKeys.includes(key)));
  const own = Object.fromEntries(Object.entries(written).filter(([key]) => !commonKeys.includes(key)));
  const parsed = channelCommonSchema.safeParse(common);
  const problems = parsed.success
    ? []
    : schemaProblems(parsed.error.issues, {
        file,
        path,
        schema: inputSchema(channelCommonSchema),
        value: common,
      });
  const { definition, problem } = findKind(written.kind, written.enabled !== false, origin);
  if (problem !== null && !problems.some((other) => other.path === problem.path)) problems.push(problem);

  if (written.enabled === false) {
    const channel = parsed.success ? { ...parsed.data, name, config: null } : null;
    return { channel: problems.length === 0 ? channel : null, problems, secrets: [] };
  }
  const resolved = resolveReferences(own, origin.env, origin);
  problems.push(...resolved.problems);
  const value = isJsonObject(resolved.value) ? resolved.value : {};
  const checked =
    definition === null
      ? null
      : parseOwnKeys(definition.configSchema, value, { file, path, siblings: commonKeys });
  const reported = new Set(problems.map((known) => known.path));
  problems.push(...(checked?.problems ?? []).filter((found) => !reported.has(found.path)));
  const complete = parsed.success && problems.length === 0 && checked !== null;
  const channel = complete ? { ...parsed.data, name, config: checked.config } : null;
  return { channel, problems, secrets: resolved.secrets };
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
