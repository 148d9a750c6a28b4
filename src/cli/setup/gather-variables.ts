import { randomBytes } from "node:crypto";
import type { CommandCall } from "../command.ts";

/** A variable that a new entry of the configuration refers to. */
export interface NeededVariable {
  variable: string;
  /** The place where people find the value; null: it is made up here. */
  find: string | null;
}

/** New values for `.env`, and the variables that are still missing. */
export interface GatheredVariables {
  added: Record<string, string>;
  missing: NeededVariable[];
}

/**
 * Takes values from the environment, generates our own secrets, and asks the person at the terminal for the
 * rest.
 */
export async function gatherVariables(
  needed: readonly NeededVariable[],
  { env, terminal }: Pick<CommandCall, "env" | "terminal">,
): Promise<GatheredVariables> {
  const added: Record<string, string> = {};
  const missing: NeededVariable[] = [];
  for (const { variable, find } of needed) {
    if ((env[variable] ?? "") !== "") continue;
    if (find === null) {
      added[variable] = randomBytes(32).toString("hex");
      continue;
    }
    const question = `${variable}\n  ${find}\n  (empty: later) `;
    const answer = (await terminal?.ask(question, { secret: true })) ?? "";
    if (answer === "") missing.push({ variable, find });
    else added[variable] = answer;
  }
  return { added, missing };
}

/** Lines that say where to find missing values. */
export function whereToFind(missing: readonly NeededVariable[]): string[] {
  return missing.map(({ variable, find }) => `  ${variable}: ${find}`);
}
