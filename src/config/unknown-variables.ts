import type { ConfigProblem } from "../core/faults/errors.ts";
import { type Environment, variables } from "./env.ts";
import { nearest } from "./nearest.ts";

/**
 * Variables of this project that the service does not read. The documents use the first as the API key of client
 * programs.
 */
const OTHERS: readonly string[] = ["CAUSEWAY_KEY"];

/** Warns about a misspelt setting. Otherwise its default would apply, and nobody would know why. */
export function unknownVariables(env: Environment, references: ReadonlySet<string>): ConfigProblem[] {
  const known = Object.keys(variables);
  return Object.keys(env)
    .filter((name) => /^CAUSEWAY_/i.test(name) && !known.includes(name))
    .filter((name) => !OTHERS.includes(name) && !name.startsWith("CAUSEWAY_TEST_") && !references.has(name))
    .map((name) => {
      const close = nearest(name, known);
      return {
        path: `environment: ${name}`,
        problem: "is not a setting",
        fix: close === null ? "remove it; docs/settings.md lists all settings" : `write ${close}`,
      };
    });
}
