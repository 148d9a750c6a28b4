import type { ConfigProblem } from "../core/faults/errors.ts";
import { isJsonObject, type Json } from "../core/text/json.ts";
import type { Environment } from "./env.ts";
import { type Desk, deskSchema } from "./handoff-schema.ts";
import { pathText } from "./json-path.ts";
import { nameFix } from "./nearest.ts";
import { resolveReferences } from "./references.ts";
import { parseOwnKeys } from "./typed-config.ts";

export interface DeskParts {
  file: string;
  env: Environment;
  agents: readonly [string, Json][];
  channels: readonly [string, Json][];
  /** The kinds of channels that have desks. */
  kinds: readonly string[];
}

/** The desks of a file, with every problem of them and of who names them. */
export function loadDesks(
  written: readonly [string, Json][],
  parts: DeskParts,
): { desks: Record<string, Desk>; problems: ConfigProblem[] } {
  const { file, env } = parts;
  const desks: Record<string, Desk> = {};
  const problems: ConfigProblem[] = [];
  for (const [name, value] of written) {
    const path = ["desks", name];
    const resolved = resolveReferences(value, env, { file, path });
    if (!isJsonObject(resolved.value)) {
      problems.push({ path: pathText(file, path), problem: "is not a desk", fix: "write an object in { }" });
      continue;
    }
    const checked = parseOwnKeys(deskSchema, resolved.value, { file, path, siblings: [] });
    problems.push(...resolved.problems, ...checked.problems);
    if (checked.config === null) continue;
    const desk = deskSchema.parse(checked.config);
    const problem = deskChannelProblem(desk, parts);
    if (problem === null) desks[name] = desk;
    else problems.push({ path: pathText(file, [...path, "channel"]), ...problem });
  }
  problems.push(
    ...deskNames(
      written.map(([name]) => name),
      parts,
    ),
  );
  return { desks, problems };
}

/** People can be asked on kinds of channels that have desks, by a channel of the same file. */
export function deskChannelProblem(
  { channel }: Desk,
  { channels, kinds }: DeskParts,
): Omit<ConfigProblem, "path"> | null {
  const kindOf = (value: Json) => (isJsonObject(value) ? value.kind : undefined);
  const possible = channels.filter(([, value]) => kinds.includes(String(kindOf(value))));
  const names = possible.map(([name]) => name);
  if (names.includes(channel)) return null;
  const fix = names.length === 0 ? `add a channel of kind ${kinds.join(" or ")}` : nameFix(channel, names);
  const found = channels.find(([name]) => name === channel);
  if (found === undefined)
    return { problem: `names the channel "${channel}", which is not in this file`, fix };
  const kind = kindOf(found[1]);
  // A channel without a kind has a problem of its own.
  if (typeof kind !== "string") return null;
  return { problem: `names the channel "${channel}" of kind "${kind}", on which there are no desks`, fix };
}

/** The desks that agents name must be the file's. */
function deskNames(known: readonly string[], { file, env, agents }: DeskParts): ConfigProblem[] {
  return agents.flatMap(([name, written]) => {
    const path = ["agents", name];
    const { value } = resolveReferences(written, env, { file, path });
    return namedDesks(value).flatMap(({ at, desk }) => {
      if (typeof desk !== "string" || known.includes(desk)) return [];
      const fix = known.length === 0 ? `add it to "desks"` : nameFix(desk, known);
      const problem = `names the desk "${desk}", which is not in this file`;
      return [{ path: pathText(file, [...path, ...at]), problem, fix }];
    });
  });
}

/** The desks that an agent names: its own, and those of its rules. */
function namedDesks(agent: Json): { at: (string | number)[]; desk: Json | undefined }[] {
  if (!isJsonObject(agent)) return [];
  const { handoff, events } = agent;
  const own = isJsonObject(handoff) ? [{ at: ["handoff", "desk"], desk: handoff.desk }] : [];
  const ofRules = listOf(events).flatMap((rule, place) =>
    listOf(isJsonObject(rule) ? rule.do : undefined).flatMap((action, index) =>
      isJsonObject(action) && action.action === "handoff"
        ? [{ at: ["events", place, "do", index, "desk"], desk: action.desk }]
        : [],
    ),
  );
  return [...own, ...ofRules];
}

function listOf(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}
