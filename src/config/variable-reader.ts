import type { z } from "zod";
import type { ConfigProblem } from "../core/faults/errors.ts";
import { isSecretName } from "../core/text/secret-names.ts";
import type { Environment } from "./env.ts";
import type { Variable } from "./variable.ts";

/** Reads variables of the environment, and collects the problems of their values. */
export interface VariableReader {
  /** The value of a variable; null if it is not set or not valid. */
  readOptional<T>(name: string, variable: Variable<T>): T | null;
  /** The value of a variable, or its default. */
  read<T>(name: string, variable: Variable<T> & { default: string }): T;
  problems: ConfigProblem[];
}

export function createVariableReader(env: Environment): VariableReader {
  const problems: ConfigProblem[] = [];

  function readOptional<T>(name: string, { schema }: Variable<T>): T | null {
    const text = env[name];
    if (text === undefined || text === "") return null;
    const parsed = schema.safeParse(text);
    if (!parsed.success) problems.push(environmentProblem(name, text, parsed.error));
    return parsed.data ?? null;
  }

  return {
    readOptional,
    read: (name, variable) => readOptional(name, variable) ?? variable.schema.parse(variable.default),
    problems,
  };
}

function environmentProblem(name: string, text: string, error: z.ZodError): ConfigProblem {
  // URLs contain passwords. Show a value only if it cannot be a secret.
  const shown =
    isSecretName(name) || /_(URL|ENDPOINT|HEADERS)$/.test(name)
      ? "has a value that cannot be used"
      : `is "${text}"`;
  return {
    path: `environment: ${name}`,
    problem: shown,
    fix: error.issues.map((issue) => issue.message).join("; "),
  };
}
