import { z } from "zod";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import type { Route, RouteResponse } from "./route.ts";
import { errorSchema } from "./wire-schemas.ts";

/** Routes that stand below one base path. */
export interface RouteGroup {
  /** Such as `/api/v1`. */
  base: string;
  routes: readonly Route[];
}

/** What every route may answer besides its own. */
const COMMON_ERRORS = [
  { status: 400, code: "invalid_query", when: "the query, the path or the JSON is malformed" },
  { status: 401, code: "unauthorized", when: "the API key is missing, unknown or revoked" },
  { status: 403, code: "insufficient_scope", when: "the API key lacks the scope" },
  { status: 404, code: "workspace_not_found", when: "`X-Workspace` names none" },
  { status: 429, code: "rate_limited", when: "too many calls; `Retry-After` says how many seconds to wait" },
  { status: 500, code: "internal_error", when: "something went wrong here" },
  {
    status: 503,
    code: "overloaded",
    when: "more arrives than can be taken; nothing was stored, try again after `Retry-After`",
  },
  { status: 503, code: "database_unavailable", when: "the database is away; try again after `Retry-After`" },
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

const DESCRIPTION = `Sessions, messages and executions of one chatbot on every channel.

Send your key as \`Authorization: Bearer <key>\` or \`X-API-Key\`. Every POST takes an \`Idempotency-Key\`: repeated with
the same key and body, it changes nothing more and gives the same answer for 24 hours. The operator key may name a
workspace with the header \`X-Workspace: <slug>\`; without it, it speaks for the first one in the configuration.`;

/** The OpenAPI 3.1 document of the routes, made from the schemas that validate. The first group's base is the server. */
export function openApiDocument(groups: readonly RouteGroup[], version: string): JsonObject {
  const components: JsonObject = {};
  const paths: Record<string, JsonObject> = {};
  for (const [index, { base, routes }] of groups.entries()) {
    for (const route of routes) {
      const item = paths[route.path] ?? (index === 0 ? {} : { servers: [{ url: base }] });
      paths[route.path] = { ...item, [route.method.toLowerCase()]: operation(route, components) };
    }
  }
  const error = schemaOf(errorSchema, "output", components);
  return {
    openapi: "3.1.0",
    info: { title: "Causeway", version, description: DESCRIPTION },
    servers: [{ url: groups[0]?.base ?? "/" }],
    security: [{ bearer: [] }, { apiKey: [] }],
    tags: [...new Set(groups.flatMap(({ routes }) => routes.map((route) => route.tag)))].map((name) => ({
      name,
    })),
    paths,
    components: {
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer" },
        apiKey: { type: "apiKey", in: "header", name: "X-API-Key" },
      },
      schemas: components,
      responses: {
        Error: { description: "What went wrong", content: { "application/json": { schema: error } } },
      },
    },
  };
}

function operation(route: Route, components: JsonObject): JsonObject {
  const description = [route.description, `Needs the scope \`${route.scope}\`.`].filter(Boolean).join("\n\n");
  return {
    operationId: route.operationId,
    summary: route.summary,
    description,
    tags: [route.tag],
    parameters: [
      ...parameters(route, "path", components),
      ...parameters(route, "query", components),
      ...(route.method === "POST" ? [IDEMPOTENCY_PARAMETER] : []),
    ],
    ...(route.body ? { requestBody: requestBody(route, route.body, components) } : {}),
    ...(route.uploadLimit === undefined ? {} : { requestBody: UPLOAD }),
    responses: responses(route, components),
  };
}

/** Binary content has no schema in OpenAPI 3.1. */
const UPLOAD: JsonObject = {
  required: true,
  description: "The file itself; its type in `Content-Type`",
  content: { "*/*": {} },
};

const IDEMPOTENCY_PARAMETER: JsonObject = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  description: "Makes repeating this request harmless",
  schema: { type: "string", minLength: 1, maxLength: 255 },
};

function parameters(route: Route, place: "path" | "query", components: JsonObject): JsonObject[] {
  const schema = place === "path" ? route.params : route.query;
  if (!schema) return [];
  const { properties, required } = schemaOf(schema, "input", components);
  const names: readonly Json[] = Array.isArray(required) ? required : [];
  return Object.entries(isJsonObject(properties) ? properties : {}).map(([name, property]) => {
    const { description, ...rest } = isJsonObject(property) ? property : {};
    const examples = queryExamples(route, place, name);
    return {
      name,
      in: place,
      required: place === "path" || names.includes(name),
      ...(description === undefined ? {} : { description }),
      schema: rest,
      ...(examples ? { examples } : {}),
    };
  });
}

/** Values of one example share its name, so that they can be put together again. */
function queryExamples(route: Route, place: "path" | "query", name: string): JsonObject | null {
  const given = (route.examples ?? []).flatMap(({ query }, index) =>
    place === "query" && query?.[name] !== undefined
      ? [[`example${index + 1}`, { value: query[name] }] as const]
      : [],
  );
  return given.length > 0 ? Object.fromEntries(given) : null;
}

function requestBody(route: Route, body: z.ZodType, components: JsonObject): JsonObject {
  const examples = (route.examples ?? []).flatMap((example, index) =>
    example.body === undefined ? [] : [[`example${index + 1}`, { value: plainJson(example.body) }] as const],
  );
  const content: JsonObject = { schema: schemaOf(body, "input", components) };
  if (examples.length > 0) content.examples = Object.fromEntries(examples);
  return { required: !body.safeParse({}).success, content: { "application/json": content } };
}

function responses(route: Route, components: JsonObject): JsonObject {
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
    ...(route.method === "POST" ? [KEY_ERROR] : []),
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

/** A Zod schema as JSON Schema; what has a name of its own moves to the components. */
function schemaOf(schema: z.ZodType, io: "input" | "output", components: JsonObject): JsonObject {
  const made = z.toJSONSchema(schema, { target: "draft-2020-12", io, unrepresentable: "any" });
  const { $schema: _dialect, $defs: definitions, ...own } = plainJson(made);
  for (const [name, definition] of Object.entries(isJsonObject(definitions) ? definitions : {})) {
    components[name] = pointToComponents(definition);
  }
  return pointToComponents(own) as JsonObject;
}

function pointToComponents(node: Json): Json {
  if (Array.isArray(node)) return node.map(pointToComponents);
  if (!isJsonObject(node)) return node;
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [
      key,
      key === "$ref" && typeof value === "string"
        ? value.replace("#/$defs/", "#/components/schemas/")
        : pointToComponents(value),
    ]),
  );
}

function plainJson(value: unknown): JsonObject {
  return JSON.parse(JSON.stringify(value));
}
