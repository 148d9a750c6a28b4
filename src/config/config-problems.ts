import type { z } from "zod";
import type { ConfigProblem } from "../core/faults/errors.ts";
import { type JsonPath, jsonPath, pathText } from "./json-path.ts";
import { nearest } from "./nearest.ts";
import { knownKeys, type SchemaNode } from "./schema-node.ts";

type Issue = z.core.$ZodIssue;

/** The place of a checked value: the prefix for its paths, and its JSON Schema with the valid keys. */
interface Origin {
  file: string;
  path: JsonPath;
  schema: SchemaNode;
  value: unknown;
}

/** Turns the issues of a schema into problems with a path and a fix, one per key. */
export function schemaProblems(issues: readonly Issue[], origin: Origin): ConfigProblem[] {
  return issues.flatMap((issue) => issueProblems(issue, origin));
}

function issueProblems(issue: Issue, origin: Origin): ConfigProblem[] {
  const inside = jsonPath(issue.path);
  const path = [...origin.path, ...inside];
  if (issue.code === "unrecognized_keys") {
    const known = knownKeys(origin.schema, inside, origin.value);
    return issue.keys.map((key) => ({
      path: pathText(origin.file, [...path, key]),
      problem: "is not a setting",
      fix: unknownKeyFix(key, known),
    }));
  }
  const at = pathText(origin.file, path);
  if (issue.code === "invalid_union") {
    const meant = meantForm(issue.errors);
    if (meant !== null) {
      const issues = meant.map((each) => ({ ...each, path: [...issue.path, ...each.path] }));
      return schemaProblems(issues, origin);
    }
  }
  if (issue.code === "invalid_key") {
    return [
      {
        path: at,
        problem: "is not a name that can be used",
        fix: issue.issues.map((i) => i.message).join("; "),
      },
    ];
  }
  const found = valueAt(origin.value, inside);
  if (found === undefined) return [{ path: at, problem: "is missing", fix: missingFix(issue) }];
  return [{ path: at, problem: problemText(issue, found), fix: fixText(issue, found) }];
}

/**
 * The issues of the form that was meant, if a value may have several forms: of the only one, or else of the first that
 * the value has the type of. Null: it has the type of none.
 */
function meantForm(forms: readonly (readonly Issue[])[]): readonly Issue[] | null {
  if (forms.length === 1) return forms[0] ?? [];
  return forms.find((issues) => issues.length > 0 && !issues.some(isOfWrongType)) ?? null;
}

const isOfWrongType = (issue: Issue) => issue.path.length === 0 && issue.code === "invalid_type";

/** True if the schema's author wrote the message. Zod's default messages do not tell the user what to write instead. */
function hasCustomMessage(issue: Issue): boolean {
  return !/^(Invalid|Too (small|big)|Unrecognized)/.test(issue.message);
}

function unknownKeyFix(key: string, known: readonly string[]): string {
  const close = nearest(key, known);
  if (close !== null) return `write "${close}"`;
  if (known.length === 0) return "remove it, nothing can be set here";
  return `remove it, or write one of ${known.join(", ")}`;
}

function problemText(issue: Issue, found: unknown): string {
  // Never show a value: it may come from the environment.
  if (issue.code === "invalid_type" || formsOf(issue).length > 0) return `is ${typeName(found)}`;
  return "has a value that cannot be used";
}

function fixText(issue: Issue, found: unknown): string {
  if (hasCustomMessage(issue)) return issue.message;
  if (issue.code === "invalid_value" || (issue.code === "invalid_union" && "options" in issue)) {
    const options = optionsOf(issue);
    const close = typeof found === "string" ? nearest(found, options.map(String)) : null;
    const list = options.map((option) => JSON.stringify(option)).join(", ");
    if (close !== null && options.length > 1) return `write ${JSON.stringify(close)} (or another of ${list})`;
    return `write ${options.length > 1 ? "one of " : ""}${list}`;
  }
  const forms = formsOf(issue);
  if (forms.length > 0) return eitherOf(forms);
  if (issue.code === "invalid_type") return expected(issue.expected);
  if (issue.code === "too_small") return `write ${amount(issue.origin, "at least", issue.minimum)}`;
  if (issue.code === "too_big") return `write ${amount(issue.origin, "at most", issue.maximum)}`;
  if (issue.code === "invalid_format" && issue.format === "url") {
    return "write a whole URL, such as https://example.org";
  }
  return issue.message;
}

function missingFix(issue: Issue): string {
  if (hasCustomMessage(issue))
    return `add it: ${/^(is|must) /.test(issue.message) ? "it " : ""}${issue.message}`;
  if (issue.code === "invalid_value" || (issue.code === "invalid_union" && "options" in issue)) {
    return `add it: one of ${optionsOf(issue)
      .map((option) => JSON.stringify(option))
      .join(", ")}`;
  }
  const forms = formsOf(issue);
  if (forms.length > 0) return `add it: ${eitherOf(forms)}`;
  if (issue.code === "invalid_type") return `add it: ${expected(issue.expected)}`;
  return `add it: ${issue.message}`;
}

/** The types that a value of several forms may have. */
function formsOf(issue: Issue): string[] {
  if (issue.code !== "invalid_union" || "options" in issue) return [];
  const types = issue.errors.flatMap((issues) =>
    issues.flatMap((each) => (each.path.length === 0 && each.code === "invalid_type" ? [each.expected] : [])),
  );
  return [...new Set(types)];
}

/** For example `write a text in double quotes, or a list in [ ]`. */
function eitherOf(types: readonly string[]): string {
  return types
    .map((type, index) => (index === 0 ? expected(type) : expected(type).replace(/^write /, "or ")))
    .join(", ");
}

function optionsOf(issue: Issue): (string | number | boolean)[] {
  const options: unknown =
    issue.code === "invalid_value" ? issue.values : "options" in issue ? issue.options : [];
  return Array.isArray(options) ? options.filter(isPlain) : [];
}

function isPlain(value: unknown): value is string | number | boolean {
  return ["string", "number", "boolean"].includes(typeof value);
}

function expected(type: string): string {
  const words: Record<string, string> = {
    string: "write a text in double quotes",
    number: "write a number without quotes",
    int: "write a whole number without quotes",
    boolean: "write true or false, without quotes",
    array: "write a list in [ ]",
    object: "write an object in { }",
    record: "write an object in { }",
    tuple: "write a list in [ ]",
    null: "write null",
  };
  return words[type] ?? `write ${type}`;
}

function amount(origin: string, bound: string, limit: number | bigint): string {
  if (origin === "string") return `${bound} ${limit} characters`;
  if (origin === "array") return `${bound} ${limit} entries`;
  return `a number of ${bound} ${limit}`;
}

function typeName(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  return typeof value === "string" ? "a text" : typeof value === "boolean" ? `${value}` : "a number";
}

function valueAt(value: unknown, path: JsonPath): unknown {
  return path.reduce<unknown>((node, part) => {
    if (typeof node !== "object" || node === null || !Object.hasOwn(node, part)) return undefined;
    return Reflect.get(node, part);
  }, value);
}
