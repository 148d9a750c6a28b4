import type { z } from "zod";
import type { ConfigProblem } from "../core/faults/errors.ts";
import type { Json, JsonObject } from "../core/text/json.ts";
import { schemaProblems } from "./config-problems.ts";
import { type JsonPath, pathText } from "./json-path.ts";
import { nameFix } from "./nearest.ts";
import { inputSchema, type SchemaNode } from "./schema-node.ts";

/** Checks the keys of one bot or channel. `siblings` are known keys that another schema checks. */
export function parseOwnKeys(
  schema: z.ZodType,
  own: JsonObject,
  origin: { file: string; path: JsonPath; siblings: readonly string[] },
): { config: Record<string, unknown> | null; problems: ConfigProblem[] } {
  const parsed = schema.safeParse(own);
  if (!parsed.success) {
    const known = withSiblings(inputSchema(schema), origin.siblings);
    const problems = schemaProblems(parsed.error.issues, { ...origin, schema: known, value: own });
    return { config: null, problems };
  }
  return { config: { ...(typeof parsed.data === "object" ? parsed.data : {}) }, problems: [] };
}

/** The problem of a missing or unknown `type` or `kind`. */
export function unknownName(
  value: Json | undefined,
  at: { file: string; path: JsonPath },
  what: string,
  known: readonly string[],
): ConfigProblem {
  const path = pathText(at.file, at.path);
  const fix = nameFix(value, known);
  if (value === undefined) return { path, problem: "is missing", fix };
  if (typeof value !== "string") return { path, problem: "is not a text", fix };
  return { path, problem: `is ${JSON.stringify(value)}, and there is no such ${what}`, fix };
}

function withSiblings(schema: SchemaNode, siblings: readonly string[]): SchemaNode {
  return { allOf: [schema, { properties: Object.fromEntries(siblings.map((key) => [key, {}])) }] };
}
