import type { z } from "zod";
import { RequestError } from "../../core/faults/errors.ts";

/** One problem of a request, with its place. */
export interface RequestProblem {
  path: string;
  problem: string;
}

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
  const all = result.error.issues.flatMap(problemsOf);
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

function problemsOf(issue: z.core.$ZodIssue): RequestProblem[] {
  const path = pathOf(issue.path);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ path: pathOf([...issue.path, key]), problem: "is not known here" }));
  }
  return [{ path, problem: lowerFirst(inPlainWords(issue).replace(/^Invalid input: /, "")) }];
}

/** The schema's own words, or ours in place of the package's. */
function inPlainWords(issue: z.core.$ZodIssue): string {
  if (issue.code === "too_small" && /^Too small/.test(issue.message)) {
    if (issue.origin === "string" && issue.minimum === 1) return "must not be empty";
    return `must ${amount(issue.origin, "at least", issue.minimum)}`;
  }
  if (issue.code === "too_big" && /^Too big/.test(issue.message))
    return `must ${amount(issue.origin, "at most", issue.maximum)}`;
  if (issue.code === "invalid_value" && /^Invalid (option|input)/.test(issue.message))
    return `must be ${issue.values.length > 1 ? "one of " : ""}${issue.values.map((value) => JSON.stringify(value)).join(", ")}`;
  return issue.message;
}

function amount(origin: string, bound: string, limit: number | bigint): string {
  if (origin === "string") return `have ${bound} ${limit} ${limit === 1 ? "character" : "characters"}`;
  if (origin === "array" || origin === "set")
    return `have ${bound} ${limit} ${limit === 1 ? "entry" : "entries"}`;
  return `be ${bound} ${limit}`;
}

/** For example `user.name` or `messages[0].role`. */
function pathOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === "number" ? `${text}[${part}]` : text === "" ? String(part) : `${text}.${String(part)}`,
    "",
  );
}

function shortened(text: string): string {
  return text.length <= MOST_REPEATED ? text : `${text.slice(0, MOST_REPEATED).toWellFormed()}…`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
