import type { Request } from "express";
import { z } from "zod";
import { RequestError } from "../../core/errors.ts";
import { readJsonBody } from "../json-body.ts";

/** The longest message, UTF-16 units; a book page has about 3,000. */
export const CONTENT_LIMIT = 32_000;

/** Large enough for the longest message, whatever its characters take. Bytes. */
const BODY_LIMIT = 256 * 1024;

/** The body, checked. `optional`: none at all counts as `{}`. */
export async function readBody<T>(
  request: Request,
  schema: z.ZodType<T>,
  options: { optional?: boolean } = {},
): Promise<T> {
  const body = await readJsonBody(request, BODY_LIMIT);
  const parsed = schema.safeParse(body === undefined && options.optional ? {} : body);
  if (parsed.success) return parsed.data;
  throw new RequestError(422, "invalid_body", "The body is not as it should be.", {
    details: parsed.error.issues.map(describe),
  });
}

/** The query, checked: what is wrong with it is a 400. */
export function readQuery<T>(request: Request, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(request.query);
  if (parsed.success) return parsed.data;
  throw new RequestError(400, "invalid_query", "The query is not as it should be.", {
    details: parsed.error.issues.map(describe),
  });
}

function describe(issue: z.core.$ZodIssue): { path: string; problem: string } {
  const unknown = issue.code === "unrecognized_keys" ? issue.keys.join(", ") : "";
  return { path: issue.path.join(".") || unknown, problem: issue.message };
}

/** A whole number in a query. */
export const count = (minimum: number, maximum: number) => z.coerce.number().int().min(minimum).max(maximum);
