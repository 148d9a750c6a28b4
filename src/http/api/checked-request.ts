import type { Request } from "express";
import { z } from "zod";
import type { Json } from "../../core/json.ts";
import { storableText } from "../../core/text.ts";
import { validate } from "../validate.ts";
import type { Route, RouteContext } from "./route.ts";

const nothing = z.strictObject({});

/** Path, query and body as the route's schemas read them; throws 400 or 422 with every problem. */
export function checkedRequest(
  route: Route,
  request: Request,
  body: Json | undefined,
): Pick<RouteContext<unknown, unknown, unknown>, "params" | "query" | "body"> {
  const invalid = (status: number, code: string, what: string) => ({ status, code, what });
  return {
    params: validate(
      route.params ?? z.unknown(),
      storableValues(request.params),
      invalid(400, "invalid_path", "The path is not valid"),
    ),
    query: validate(
      route.query ?? nothing,
      storableValues(request.query),
      invalid(400, "invalid_query", "The query is not valid"),
    ),
    body: validate(
      route.body ?? nothing,
      // What is left out may be left out as a whole; but nothing replaces something only where it is said.
      body === undefined && route.method !== "PUT" ? {} : body,
      invalid(422, "invalid_body", "The body is not valid"),
    ),
  };
}

/** `%00` in a URL is nothing Postgres could look for. */
function storableValues(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === "string" ? storableText(value) : value,
    ]),
  );
}

/** Header names in lower case, one text each. */
export function headersOf(request: Request): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(", ") : value,
    ]),
  );
}
