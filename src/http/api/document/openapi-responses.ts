import type { z } from "zod";
import type { JsonObject } from "../../../core/text/json.ts";
import type { Route, RouteResponse } from "../route/route.ts";
import { schemaOf } from "./openapi-schema.ts";

/** Errors that every route may return, besides its own. */
const COMMON_ERRORS = [
  { status: 400, code: "invalid_query", when: "the query, the path or the JSON is malformed" },
  { status: 401, code: "unauthorized", when: "the API key is missing, unknown or revoked" },
  { status: 403, code: "insufficient_scope", when: "the API key lacks the scope" },
  {
    status: 403,
    code: "console_header_missing",
    when: "a change by the console's cookie lacks `X-Console: 1`",
  },
  { status: 404, code: "workspace_not_found", when: "`X-Workspace` names none" },
  { status: 429, code: "rate_limited", when: "too many calls; `Retry-After` has the seconds to wait" },
  { status: 500, code: "internal_error", when: "something went wrong here" },
  {
    status: 503,
    code: "overloaded",
    when: "too many calls arrive; nothing was stored, try again after `Retry-After`",
  },
  {
    status: 503,
    code: "database_unavailable",
    when: "the database is unavailable; try again after `Retry-After`",
  },
] as const;

const BODY_ERRORS = [
  { status: 413, code: "body_too_large", when: "the body is larger than 1 MiB" },
  { status: 415, code: "unsupported_media_type", when: "the body is not JSON in UTF-8" },
  {
    status: 422,
    code: "invalid_body",
    when: "a field is wrong or unknown; `details.problems` lists every one",
  },
] as const;

const KEY_ERROR = {
  status: 409,
  code: "idempotency_key_reused",
  when: "the Idempotency-Key came with another request before",
} as const;

/** The answers of a route, and all its possible errors, by status. */
export function responses(route: Route, components: JsonObject): JsonObject {
  const answers: [string, JsonObject][] = route.responses.map((response) => [
    String(response.status),
    {
      description: response.description,
      ...(response.schema ? { content: content(response, response.schema, components) } : {}),
    },
  ]);
  const errors = [
    ...COMMON_ERRORS,
    ...(route.method === "GET" || route.uploadLimit !== undefined ? [] : BODY_ERRORS),
    ...(route.method === "POST" && !route.open ? [KEY_ERROR] : []),
    ...(route.errors ?? []),
  ];
  const byStatus = new Map<number, string[]>();
  for (const { status, code, when } of errors) {
    byStatus.set(status, [...(byStatus.get(status) ?? []), `\`${code}\`: ${when}`]);
  }
  const refusals = [...byStatus].map(([status, lines]): [string, JsonObject] => [
    String(status),
    {
      description: lines.join("\n\n"),
      content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
    },
  ]);
  return Object.fromEntries([...answers, ...refusals]);
}

function content(response: RouteResponse, schema: z.ZodType, components: JsonObject): JsonObject {
  return { [response.contentType ?? "application/json"]: { schema: schemaOf(schema, "output", components) } };
}
