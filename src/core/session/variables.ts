import { nameLine } from "../message/name-line.ts";
import type { Json, JsonObject } from "../text/json.ts";
import type { VariableValue } from "./template.ts";

/** The author's description of a variable. */
export interface VariableSpec {
  default?: VariableValue | undefined;
  required?: boolean | undefined;
  description?: string | undefined;
}

export type VariableSpecs = Readonly<Record<string, VariableSpec>>;

export interface VariableSources {
  specs: VariableSpecs;
  /** Names that the agent's messages use without a declaration. They may be filled like declared ones. */
  detected?: readonly string[];
  /** Values from a caller or a trigger. */
  explicit: Readonly<Record<string, VariableValue>>;
  participantData: JsonObject;
  /** The channel's data about the user (`user_name`, `user_language`); null if the platform gave none. */
  profile: Readonly<Record<string, string | null>>;
}

/**
 * The problems with the variables of a new session. These are required ones without a value, and names that the agent
 * does not know. Both keep the given order, so that the error can list them.
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

/** The required variables that neither the caller nor the user's data nor their profile gives a value. */
export function missingVariables(
  { specs, participantData, profile }: Pick<VariableSources, "specs" | "participantData" | "profile">,
  given: Readonly<Record<string, VariableValue>> = {},
): string[] {
  return checkVariables(specs, given).missing.filter(
    (name) => own(profile, name) == null && scalar(own(participantData, name)) === undefined,
  );
}

/**
 * The value of every variable. The order is: the explicit value, participant data of that name, the channel's profile,
 * the default. A variable without any of them is left out. Explicit names that the agent does not know are kept. People
 * choose their own names. So a name from a profile, or from data that replaces it, becomes a single short line.
 */
export function resolveVariables(sources: VariableSources): Record<string, VariableValue> {
  const { specs, detected = [], explicit, participantData, profile } = sources;
  const names = new Set([...Object.keys(specs), ...detected, ...Object.keys(explicit)]);
  const resolved: [string, VariableValue][] = [];
  for (const name of names) {
    const known = scalar(own(participantData, name)) ?? own(profile, name);
    const shown = typeof known === "string" && Object.hasOwn(profile, name) ? nameLine(known) : known;
    const isBlank = shown === "" && known !== "";
    const value = own(explicit, name) ?? (isBlank ? undefined : shown) ?? own(specs, name)?.default;
    if (value !== undefined) resolved.push([name, value]);
  }
  return Object.fromEntries(resolved);
}

function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/** Lists and objects in participant data are not variable values, so the next source is used. */
function scalar(value: Json | undefined): VariableValue | undefined {
  return value === null || typeof value === "object" ? undefined : value;
}
