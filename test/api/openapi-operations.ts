import { isJsonObject, type Json, type JsonObject } from "../../src/core/text/json.ts";

/** One operation of an OpenAPI document, with the data for calling it. */
export interface Operation {
  id: string;
  method: string;
  /** The path with placeholders such as `{id}`. */
  path: string;
  /** The base URL of the path. */
  server: string;
  scope: string | null;
  pathParameters: string[];
  /** Every documented example: its query and its body. */
  examples: { query: string; body: Json | undefined }[];
  successes: number[];
  streams: boolean;
  /** True if it needs no key. */
  open: boolean;
  /** True if its body is a file. */
  uploads: boolean;
}

/** Every operation of a document. */
export function operationsOf(document: JsonObject): Operation[] {
  const base = serverOf(document.servers) ?? "";
  return Object.entries(object(document.paths)).flatMap(([path, item]) => {
    const { servers, ...methods } = object(item);
    return Object.entries(methods).map(([method, operation]) =>
      toOperation(method.toUpperCase(), path, serverOf(servers) ?? base, object(operation)),
    );
  });
}

/** Every whole number that callers may send, with the largest one that is accepted. */
export function integersSent(document: JsonObject): { at: string; maximum: number }[] {
  const sent = Object.entries(object(document.paths)).flatMap(([path, item]) =>
    Object.entries(object(item)).flatMap(([method, operation]) => {
      const { requestBody, parameters } = object(operation);
      return [
        [`${method} ${path}`, { requestBody: requestBody ?? null, parameters: parameters ?? null }],
      ] as const;
    }),
  );
  return sent.flatMap(([at, schemas]) => integersIn(document, schemas, at));
}

/** Every field of a POST body that may be missing, but not null. */
export function fieldsThatRefuseNull(document: JsonObject): string[] {
  return Object.entries(object(document.paths)).flatMap(([path, item]) => {
    const content = object(object(object(object(item).post).requestBody).content);
    return refusingNull(object(content["application/json"]).schema ?? null, path);
  });
}

function refusingNull(node: Json, at: string): string[] {
  if (typeof node !== "object" || node === null) return [];
  const { properties, required } = object(node);
  const own = Object.entries(object(properties)).flatMap(([name, field]) =>
    list(required).includes(name) || allowsNull(field) ? [] : [`${at}/${name}`],
  );
  return [...own, ...Object.entries(node).flatMap(([name, item]) => refusingNull(item, `${at}/${name}`))];
}

function allowsNull(schema: Json): boolean {
  const { type, anyOf } = object(schema);
  // A reference is to any JSON value.
  const isAny = !("type" in object(schema)) && !("anyOf" in object(schema)) && !("enum" in object(schema));
  return isAny || type === "null" || list(type).includes("null") || list(anyOf).some(allowsNull);
}

function integersIn(document: JsonObject, node: Json, at: string): { at: string; maximum: number }[] {
  if (typeof node !== "object" || node === null) return [];
  const { $ref: reference, type, maximum } = object(node);
  if (typeof reference === "string") {
    // The schema of any JSON value refers to itself.
    if (at.includes(reference)) return [];
    const target = reference
      .slice(2)
      .split("/")
      .reduce<Json>((found, name) => object(found)[name] ?? null, document);
    return integersIn(document, target, at + reference);
  }
  const isInteger = type === "integer" || list(type).includes("integer");
  const own = isInteger ? [{ at, maximum: Number(maximum ?? Number.POSITIVE_INFINITY) }] : [];
  return [
    ...own,
    ...Object.entries(node).flatMap(([name, item]) => integersIn(document, item, `${at}/${name}`)),
  ];
}

function toOperation(method: string, path: string, server: string, operation: JsonObject): Operation {
  const parameters = list(operation.parameters).map(object);
  const responses = Object.entries(object(operation.responses));
  const content = object(object(operation.requestBody).content);
  const bodies = object(object(content["application/json"]).examples);
  const queries = new Map<string, URLSearchParams>();
  for (const parameter of parameters.filter((candidate) => candidate.in === "query")) {
    for (const [name, example] of Object.entries(object(parameter.examples))) {
      const query = queries.get(name) ?? new URLSearchParams();
      query.set(String(parameter.name), String(object(example).value));
      queries.set(name, query);
    }
  }
  const names = new Set([...Object.keys(bodies), ...queries.keys()]);
  return {
    id: String(operation.operationId),
    method,
    path,
    server,
    scope: /Needs the scope `([\w:]+)`/.exec(String(operation.description))?.[1] ?? null,
    pathParameters: parameters
      .filter((parameter) => parameter.in === "path")
      .map((parameter) => String(parameter.name)),
    examples: [...names].map((name) => ({
      query: queries.get(name)?.toString() ?? "",
      body: object(bodies[name]).value,
    })),
    successes: responses.map(([status]) => Number(status)).filter((status) => status < 300),
    open: Array.isArray(operation.security) && operation.security.length === 0,
    uploads: "*/*" in content,
    streams: responses.some(([, response]) => "text/event-stream" in object(object(response).content)),
  };
}

function serverOf(servers: Json | undefined): string | null {
  const url = object(list(servers)[0]).url;
  return typeof url === "string" ? url : null;
}

function object(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function list(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}
