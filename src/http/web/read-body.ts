import type { Request } from "express";
import { z } from "zod";
import { readJsonBody } from "../bodies/json-body.ts";
import { validate } from "../bodies/validate.ts";
import { withoutNulls } from "../bodies/without-nulls.ts";

/** The longest message, in UTF-16 code units. A book page has about 3,000. */
export const CONTENT_LIMIT = 32_000;

/** Enough for the longest message with any characters. Bytes. */
const BODY_LIMIT = 256 * 1024;

/** The validated body. `optional`: a missing body counts as `{}`. */
export async function readBody<T>(
  request: Request,
  schema: z.ZodType<T>,
  options: { optional?: boolean } = {},
): Promise<T> {
  const body = await readJsonBody(request, BODY_LIMIT);
  const given = body === undefined && options.optional ? {} : body;
  const fields = request.method === "PATCH" ? given : withoutNulls(schema, given);
  return validate(schema, fields, { status: 422, code: "invalid_body", what: "The body is not valid" });
}

/** The validated query. A problem in it is a 400. */
export function readQuery<T>(request: Request, schema: z.ZodType<T>): T {
  return validate(schema, request.query, {
    status: 400,
    code: "invalid_query",
    what: "The query is not valid",
  });
}

/** A whole number in a query. */
export const count = (minimum: number, maximum: number) => z.coerce.number().int().min(minimum).max(maximum);
