import type { z } from "zod";
import type { RequestError } from "../../../core/faults/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../../../core/text/json.ts";
import { CONSOLE_COOKIE } from "../route/console-cookie.ts";
import type { Route } from "../route/route.ts";
import { errorSchema } from "../route/wire-schemas.ts";
import { responses } from "./openapi-responses.ts";
import { plainJson, schemaOf } from "./openapi-schema.ts";

/** Routes under one base path. */
export interface RouteGroup {
  /** For example `/api/v1`. */
  base: string;
  routes: readonly Route[];
  /** The same error in the format that callers of this group expect. */
  phrase?(error: RequestError): RequestError;
}

const DESCRIPTION = `Sessions, messages and executions of one chatbot on every channel.

Send your key as \`Authorization: Bearer <key>\` or \`X-API-Key\`. The cookie of a sign-in to the console counts as
the key that it came from. A change by it needs the header \`X-Console: 1\`. Every POST takes an \`Idempotency-Key\`:
repeated with the same key and body, it changes nothing more and gives the same answer for 24 hours. The operator key
may name a workspace with the header \`X-Workspace: <slug>\`; without it, it speaks for the first one in the
configuration.`;

/**
 * The OpenAPI 3.1 document of the routes, generated from the schemas that validate. The first group's base is the
 * server.
 */
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
    security: [{ bearer: [] }, { apiKey: [] }, { console: [] }],
    tags: [...new Set(groups.flatMap(({ routes }) => routes.map((route) => route.tag)))].map((name) => ({
      name,
    })),
    paths,
    components: {
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer" },
        apiKey: { type: "apiKey", in: "header", name: "X-API-Key" },
        console: { type: "apiKey", in: "cookie", name: CONSOLE_COOKIE },
      },
      schemas: components,
      responses: {
        Error: { description: "The error, in words", content: { "application/json": { schema: error } } },
      },
    },
  };
}

function operation(route: Route, components: JsonObject): JsonObject {
  const description = [route.description, accessOf(route)].filter(Boolean).join("\n\n");
  return {
    operationId: route.operationId,
    summary: route.summary,
    description,
    tags: [route.tag],
    ...(route.open ? { security: [] } : {}),
    parameters: [
      ...parameters(route, "path", components),
      ...parameters(route, "query", components),
      ...(route.method === "POST" && !route.open ? [IDEMPOTENCY_PARAMETER] : []),
    ],
    ...(route.body ? { requestBody: requestBody(route, route.body, components) } : {}),
    ...(route.uploadLimit === undefined ? {} : { requestBody: UPLOAD }),
    responses: responses(route, components),
  };
}

function accessOf({ open, scope }: Route): string {
  if (open) return "Needs no API key.";
  return scope === null ? "Needs any API key." : `Needs the scope \`${scope}\`.`;
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

/** The values of one example share its name, so that readers can combine them again. */
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
  const content: JsonObject = { schema: schemaOf(body, "input", components, route.method !== "PATCH") };
  if (examples.length > 0) content.examples = Object.fromEntries(examples);
  return { required: !body.safeParse({}).success, content: { "application/json": content } };
}
