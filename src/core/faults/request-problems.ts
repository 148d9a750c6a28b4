import type { z } from "zod";

type Issue = z.core.$ZodIssue;

/** One problem of a request, with its place. */
export interface RequestProblem {
  path: string;
  problem: string;
}

/** The issues of a schema in plain words, each with its place. */
export function requestProblems(issues: readonly Issue[]): RequestProblem[] {
  return issues.flatMap(problemsOf);
}

function problemsOf(issue: Issue): RequestProblem[] {
  const path = pathOf(issue.path);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ path: pathOf([...issue.path, key]), problem: "is not known here" }));
  }
  if (issue.code === "invalid_union" && issue.errors.length > 0 && /^Invalid input$/.test(issue.message))
    return unionProblems(issue.path, issue.errors);
  return [{ path, problem: lowerFirst(inPlainWords(issue).replace(/^Invalid input: /, "")) }];
}

/** Problems of a value that may have several forms: those of the form that was meant, or else the possible types. */
function unionProblems(path: readonly PropertyKey[], forms: readonly (readonly Issue[])[]): RequestProblem[] {
  const isOfWrongType = (issue: Issue) => issue.path.length === 0 && issue.code === "invalid_type";
  const meant = forms.find((issues) => !issues.some(isOfWrongType));
  if (meant !== undefined)
    return requestProblems(meant.map((issue) => ({ ...issue, path: [...path, ...issue.path] })));
  const types = forms.flat().flatMap((issue) => (issue.code === "invalid_type" ? [issue.expected] : []));
  return [{ path: pathOf(path), problem: `expected ${[...new Set(types)].join(" or ")}` }];
}

/** The schema's own words, or ours in place of the package's. */
function inPlainWords(issue: Issue): string {
  if (issue.code === "too_small" && /^Too small/.test(issue.message)) {
    if (issue.origin === "string" && issue.minimum === 1) return "must not be empty";
    return `must ${amount(issue.origin, "at least", issue.minimum)}`;
  }
  if (issue.code === "too_big" && /^Too big/.test(issue.message))
    return `must ${amount(issue.origin, "at most", issue.maximum)}`;
  if (issue.code === "invalid_value" && /^Invalid (option|input)/.test(issue.message))
    return mustBe(issue.values);
  if (issue.code === "invalid_union" && "options" in issue && /^Invalid discriminator/.test(issue.message))
    return mustBe(issue.options);
  return issue.message;
}

function mustBe(values: readonly unknown[]): string {
  return `must be ${values.length > 1 ? "one of " : ""}${values.map((value) => JSON.stringify(value)).join(", ")}`;
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

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
