import { RequestError } from "../../../core/faults/errors.ts";
import type { VariableValue } from "../../../core/session/template.ts";
import { checkVariables, missingVariables, type VariableSpecs } from "../../../core/session/variables.ts";
import type { JsonObject } from "../../../core/text/json.ts";

/** Sources of a session's variables besides the caller. */
export interface VariableBackground {
  specs: VariableSpecs;
  /** Names that the agent's messages use without declaring them. */
  detected: readonly string[];
  participantData: JsonObject;
  /** The channel's data about the user; null where it has none. */
  profile: Readonly<Record<string, string | null>>;
}

/** Throws 422 `unknown_variables` or `missing_variables`, each with all names. */
export function requireVariables(
  given: Readonly<Record<string, VariableValue>>,
  background: VariableBackground,
): void {
  const { specs, detected } = background;
  const { unknown } = checkVariables(specs, given, detected);
  if (unknown.length > 0) {
    const known = [...new Set([...Object.keys(specs), ...detected])];
    throw new RequestError(422, "unknown_variables", `The agent does not know: ${unknown.join(", ")}.`, {
      details: { unknown, known },
    });
  }
  const missing = missingVariables(background, given);
  if (missing.length > 0) throw variablesMissing(missing);
}

/** The refusal of a session whose agent needs values that nobody gave. */
export function variablesMissing(missing: readonly string[]): RequestError {
  const message = `The agent needs values for: ${missing.join(", ")}.`;
  return new RequestError(422, "missing_variables", message, { details: { missing: [...missing] } });
}
