import type { z } from "zod";
import { RequestError } from "../../core/faults/errors.ts";
import { requestProblems } from "../../core/faults/request-problems.ts";

/** Maximum number of listed problems. A sender of a thousand problems must not get them all back, each twice. */
const MOST_PROBLEMS = 20;
/** Maximum length of a repeated name or value, characters. */
const MOST_REPEATED = 200;

/**
 * A value checked against a route's schema. Throws one error that lists the problems. A schema's own check may give a
 * more precise error code: `context.addIssue({ code: "custom", params: { code: "immutable_field" }, … })`.
 */
export function validate<T>(
  schema: z.ZodType<T>,
  value: unknown,
  refusal: { status: number; code: string; what: string },
): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const all = requestProblems(result.error.issues);
  const problems = all.slice(0, MOST_PROBLEMS).map(({ path, problem }) => ({
    path: shortened(path),
    problem: shortened(problem),
  }));
  const more = all.length - problems.length;
  const named = result.error.issues.flatMap((issue) =>
    issue.code === "custom" && typeof issue.params?.code === "string" ? [issue.params.code] : [],
  );
  const list = problems
    .map(({ path, problem }) => (path === "" ? problem : `${path}: ${problem}`))
    .join("; ")
    .concat(more === 0 ? "" : `; and ${more} more`);
  throw new RequestError(refusal.status, named[0] ?? refusal.code, `${refusal.what}: ${list}.`, {
    details: { problems, ...(more === 0 ? {} : { more }) },
  });
}

function shortened(text: string): string {
  return text.length <= MOST_REPEATED ? text : `${text.slice(0, MOST_REPEATED).toWellFormed()}…`;
}
