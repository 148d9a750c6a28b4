import { z } from "zod";
import type { Json, JsonObject } from "../../../core/text/json.ts";

/** Schemas of the API that many routes share. */

/** An id in an answer. */
export const idSchema = z
  .string()
  .regex(/^[0-9A-Za-z]{27}$/)
  .describe("A KSUID");

/** A time: RFC 3339, UTC, milliseconds. */
export const timestampSchema = z.iso.datetime({ precision: 3 });

/** A time that a caller gives. */
export const timeSchema = z.iso
  .datetime({ offset: true, error: "expected a time with its offset: 2026-11-01T00:00:00Z" })
  .transform((text) => new Date(text));

/** The number of a version. The database keeps no larger one. */
export const versionNumber = z
  .int()
  .min(1)
  .max(2 ** 31 - 1);

/** `true` or `false` in a query. */
export const booleanQuery = z.enum(["true", "false"]).transform((text) => text === "true");

/** Words to search for, in the syntax of web searches. */
export const wordsQuery = z.string().trim().min(1).max(200);

/** Any JSON object, kept exactly as given. Zod's own object schemas lose a key named `__proto__`. */
export const jsonObjectSchema = z
  .custom<JsonObject>(
    (value) => typeof value === "object" && value !== null && !Array.isArray(value),
    "expected an object",
  )
  .meta({ type: "object" });

/** The same for an object that a caller wants stored. A number that JavaScript would round is refused. */
export const keptJsonSchema = jsonObjectSchema.superRefine((value, context) => {
  for (const path of roundedNumbers(value)) {
    context.addIssue({ code: "custom", path, message: "is too large to be stored exactly: send it as text" });
  }
});

/**
 * The paths of whole numbers too large for JavaScript to store exactly. Recursion is safe, because bodies are not
 * nested deeply.
 */
function roundedNumbers(value: Json | undefined): (string | number)[][] {
  if (typeof value === "number") return Number.isInteger(value) && !Number.isSafeInteger(value) ? [[]] : [];
  if (typeof value !== "object" || value === null) return [];
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return entries.flatMap(([key, item]) => roundedNumbers(item).map((path) => [key, ...path]));
}

/** The usual path parameter. It accepts any text; a text that is no id gets a 404, like an unknown id. */
export const idParams = z.object({ id: z.string().min(1) });

/** `{ data: [...], meta }`: the answer of every list. */
export function listSchema<T extends z.ZodType>(item: T) {
  return z.object({ data: z.array(item), meta: listMetaSchema });
}

const listMetaSchema = z
  .object({
    total: z.int().describe("Rows that match, on all pages together"),
    page: z.int().nullable().describe("Null if a cursor was given"),
    limit: z.int(),
    total_pages: z.int(),
    next_cursor: z.string().nullable().describe("The value of `cursor` for the next page; null at the end"),
  })
  .meta({ id: "ListMeta" });

/** The format of every error. */
export const errorSchema = z
  .object({
    error: z.object({
      code: z.string().describe("Stable, for programs"),
      message: z.string().describe("For people"),
      details: z.unknown().describe("Further facts; null if there are none"),
      type: z.string().exactOptional().describe("OpenAI-compatible API: which kind of error it is"),
      param: z.string().nullable().exactOptional().describe("OpenAI-compatible API: the field that is wrong"),
      request_id: z.string().describe("Name it when you ask the operator"),
    }),
  })
  .meta({ id: "Error" });
