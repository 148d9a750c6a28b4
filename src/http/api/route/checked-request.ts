import type { Request } from "express";
import { z } from "zod";
import type { Json } from "../../../core/text/json.ts";
import { storableText } from "../../../core/text/text.ts";
import { validate } from "../../bodies/validate.ts";
import { withoutNulls } from "../../bodies/without-nulls.ts";
import type { Route, RouteContext } from "./route.ts";

const nothing = z.strictObject({});

/** Path, query and body, parsed by the route's schemas. Throws 400 or 422 with every problem. */
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
      given(route, body),
      invalid(422, "invalid_body", "The body is not valid"),
    ),
  };
}

/** If all fields are optional, the body may be missing. But a PUT replaces data, so it needs an explicit body. */
function given({ method, body: schema = nothing }: Route, body: Json | undefined): unknown {
  if (body === undefined) return method === "PUT" ? undefined : {};
  // A change that sets null says that the field shall be empty. If it cannot be, the caller has to know.
  return method === "PATCH" ? body : withoutNulls(schema, body);
}

/** Postgres cannot search for the `%00` of a URL. */
function storableValues(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === "string" ? storableText(value) : value,
    ]),
  );
}

/** Header names in lower case, with one text each. */
export function headersOf(request: Request): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(", ") : value,
    ]),
  );
}
