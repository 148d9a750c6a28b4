import type { Json, JsonObject } from "./json.ts";
import type { VariableValue } from "./template.ts";

/** What an agent's author says about a variable. */
export interface VariableSpec {
  default?: VariableValue | undefined;
  required?: boolean | undefined;
  description?: string | undefined;
}

export type VariableSpecs = Readonly<Record<string, VariableSpec>>;

export interface VariableSources {
  specs: VariableSpecs;
  /** Names the agent's messages use without declaring them; they may be filled like declared ones. */
  detected?: readonly string[];
  /** Given by a caller or a trigger. */
  explicit: Readonly<Record<string, VariableValue>>;
  participantData: JsonObject;
  /** What the channel knows of the user (`user_name`); null where the platform told nothing. */
  profile: Readonly<Record<string, VariableValue | null>>;
}

/**
 * What is wrong with the variables of a new session: required ones without a value, and names the agent does not
 * know. Both sorted as given, for the error to list.
 */
export function checkVariables(
  specs: VariableSpecs,
  given: Readonly<Record<string, VariableValue>>,
  detected: readonly string[] = [],
): { missing: string[]; unknown: string[] } {
  const missing = Object.entries(specs)
    .filter(([name, spec]) => spec.required && spec.default === undefined && !Object.hasOwn(given, name))
    .map(([name]) => name);
  const unknown = Object.keys(given).filter(
    (name) => !Object.hasOwn(specs, name) && !detected.includes(name),
  );
  return { missing, unknown };
}

/**
 * The value of every variable: explicit, else participant data of that name, else the channel's profile, else the
 * default. A variable with none of them is left out. Explicit names the agent does not know are kept.
 */
export function resolveVariables(sources: VariableSources): Record<string, VariableValue> {
  const { specs, detected = [], explicit, participantData, profile } = sources;
  const names = new Set([...Object.keys(specs), ...detected, ...Object.keys(explicit)]);
  const resolved: [string, VariableValue][] = [];
  for (const name of names) {
    const value =
      own(explicit, name) ??
      scalar(own(participantData, name)) ??
      own(profile, name) ??
      own(specs, name)?.default;
    if (value !== undefined) resolved.push([name, value]);
  }
  return Object.fromEntries(resolved);
}

function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/** Lists and objects in participant data are no variable values: the next source is asked. */
function scalar(value: Json | undefined): VariableValue | undefined {
  return value === null || typeof value === "object" ? undefined : value;
}
