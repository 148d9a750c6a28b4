import { z } from "zod";
import type { JsonObject } from "../../core/json.ts";

/** Shapes that many routes share, as they travel. */

/** An id in an answer. */
export const idSchema = z
  .string()
  .regex(/^[0-9A-Za-z]{27}$/)
  .describe("A KSUID");

/** A moment: RFC 3339, UTC, milliseconds. */
export const timestampSchema = z.iso.datetime({ precision: 3 });

/** Any JSON object, kept exactly as it was given. Zod's own object schemas lose a key named `__proto__`. */
export const jsonObjectSchema = z
  .custom<JsonObject>(
    (value) => typeof value === "object" && value !== null && !Array.isArray(value),
    "expected an object",
  )
  .meta({ type: "object" });

/** The usual path parameter. Any text passes: what is no id of ours is answered 404 like an unknown one. */
export const idParams = z.object({ id: z.string().min(1) });

/** `{ data: [...], meta }`, what every list is answered with. */
export function listSchema<T extends z.ZodType>(item: T) {
  return z.object({ data: z.array(item), meta: listMetaSchema });
}

const listMetaSchema = z
  .object({
    total: z.int().describe("Rows that match, on all pages together"),
    page: z.int().nullable().describe("Null where a cursor was given"),
    limit: z.int(),
    total_pages: z.int(),
    next_cursor: z.string().nullable().describe("What `cursor` continues with; null at the end"),
  })
  .meta({ id: "ListMeta" });

/** What goes wrong, always in this shape. */
export const errorSchema = z
  .object({
    error: z.object({
      code: z.string().describe("Stable, for programs"),
      message: z.string().describe("For people"),
      details: z.unknown().describe("What else is known; null where nothing is"),
      request_id: z.string().describe("Name it when you ask the operator"),
    }),
  })
  .meta({ id: "Error" });
