import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { isJsonObject, type Json, type JsonObject } from "../../src/core/text/json.ts";

/** One answer as received. */
export interface SeenAnswer {
  method: string;
  /** The path below the server's base, without the query. */
  path: string;
  status: number;
  contentType: string | null;
  body: unknown;
}

/** Each schema is compiled once, and not again at every place that refers to it. That takes a third of the time. */
const COMPILE_ONCE = {
  strict: false,
  validateFormats: false,
  inlineRefs: false,
  code: { optimize: false },
} as const;

/**
 * Checks answers against an OpenAPI document. Returns the difference, or null. An unknown path is no difference, but
 * only a 404.
 */
export function documentCheck(document: JsonObject): (seen: SeenAnswer) => string | null {
  // compileAllSchemas validates the schemas themselves once, because that takes half a second.
  const ajv = new Ajv2020({
    ...COMPILE_ONCE,
    validateSchema: false,
    meta: false,
    allErrors: true,
  });
  ajv.addSchema(document, "document");
  const validators = new Map<string, ValidateFunction>();
  const paths = Object.keys(object(document.paths)).sort((a, b) =>
    a.replaceAll("{", "~") < b.replaceAll("{", "~") ? -1 : 1,
  );

  function validator(pointer: string): ValidateFunction {
    const known = validators.get(pointer) ?? ajv.compile({ $ref: `document#${pointer}` });
    validators.set(pointer, known);
    return known;
  }

  return (seen) => {
    const path = paths.find((template) => matches(template, seen.path));
    const method = seen.method === "HEAD" ? "get" : seen.method.toLowerCase();
    const operation = path === undefined ? undefined : object(object(document.paths)[path])[method];
    if (path === undefined || operation === undefined) return null;
    const where = `${seen.method} ${path} ${seen.status}`;
    const response = object(object(object(operation).responses)[String(seen.status)]);
    if (response.description === undefined) return `${where}: this status is not documented`;
    const content = object(response.content);
    if (seen.body === "" || seen.body === null) return null;
    const type = seen.contentType?.split(";")[0] ?? "";
    if (content[type] === undefined && content["*/*"] === undefined)
      return `${where}: ${type} is not documented`;
    if (type !== "application/json") return null;
    const pointer = ["paths", path, method, "responses", String(seen.status), "content", type, "schema"];
    const validate = validator(pointer.map((part) => `/${escapePointer(part)}`).join(""));
    return validate(seen.body) ? null : `${where}: ${ajv.errorsText(validate.errors)}`;
  };
}

/** Compiles every JSON Schema of the document and resolves every reference. Throws if one fails. */
export function compileAllSchemas(document: JsonObject): number {
  const ajv = new Ajv2020(COMPILE_ONCE);
  ajv.addSchema(document, "document");
  let compiled = 0;
  const visit = (node: Json, pointer: string): void => {
    if (Array.isArray(node)) for (const [index, item] of node.entries()) visit(item, `${pointer}/${index}`);
    if (!isJsonObject(node)) return;
    for (const [key, value] of Object.entries(node)) {
      const at = `${pointer}/${escapePointer(key)}`;
      if (key === "schema") {
        ajv.compile({ $ref: `document#${at}` });
        compiled += 1;
      } else visit(value, at);
    }
  };
  visit(document, "");
  return compiled;
}

/** In a URI fragment: `~` and `/` are escaped as in JSON Pointer, `{}` are percent-encoded. */
function escapePointer(part: string): string {
  return encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"));
}

function matches(template: string, path: string): boolean {
  const pattern = template.replaceAll(/[.*+?^$()|[\]\\]/g, "\\$&").replaceAll(/\{\w+\}/g, "[^/]+");
  return new RegExp(`^${pattern}$`).test(path);
}

function object(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
