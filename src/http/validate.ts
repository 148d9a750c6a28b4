import type { z } from "zod";
import { RequestError } from "../core/errors.ts";

/** One thing wrong with a request, and where. */
export interface RequestProblem {
  path: string;
  problem: string;
}

/**
 * A value checked against a route's schema. Throws one error that lists every problem. A schema's own check may name a
 * more telling error code: `context.addIssue({ code: "custom", params: { code: "immutable_field" }, … })`.
 */
export function validate<T>(
  schema: z.ZodType<T>,
  value: unknown,
  refusal: { status: number; code: string; what: string },
): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap(problemsOf);
  const named = result.error.issues.flatMap((issue) =>
    issue.code === "custom" && typeof issue.params?.code === "string" ? [issue.params.code] : [],
  );
  const list = problems
    .map(({ path, problem }) => (path === "" ? problem : `${path}: ${problem}`))
    .join("; ");
  throw new RequestError(refusal.status, named[0] ?? refusal.code, `${refusal.what}: ${list}.`, {
    details: { problems },
  });
}

function problemsOf(issue: z.core.$ZodIssue): RequestProblem[] {
  const path = pathOf(issue.path);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ path: pathOf([...issue.path, key]), problem: "is not known here" }));
  }
  return [{ path, problem: lowerFirst(issue.message.replace(/^Invalid input: /, "")) }];
}

/** `user.name`, `messages[0].role`. */
function pathOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === "number" ? `${text}[${part}]` : text === "" ? String(part) : `${text}.${String(part)}`,
    "",
  );
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
