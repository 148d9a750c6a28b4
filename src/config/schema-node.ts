import { z } from "zod";
import type { JsonPath } from "./json-path.ts";

/** The part of JSON Schema that Zod generates and that this project reads. */
export interface SchemaNode {
  [keyword: string]: unknown;
  type?: string | readonly string[] | undefined;
  description?: string | undefined;
  default?: unknown;
  const?: unknown;
  enum?: readonly unknown[] | undefined;
  properties?: Record<string, SchemaNode> | undefined;
  required?: readonly string[] | undefined;
  additionalProperties?: boolean | SchemaNode | undefined;
  items?: SchemaNode | undefined;
  anyOf?: readonly SchemaNode[] | undefined;
  oneOf?: readonly SchemaNode[] | undefined;
  allOf?: readonly SchemaNode[] | undefined;
}

/** The schema of the text that a person writes: defaults are optional, and transformations are not applied. */
export function inputSchema(schema: z.ZodType): SchemaNode {
  const generated = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  const { $schema: _, $defs: __, "~standard": ___, ...node } = generated;
  // Only "any JSON" refers to itself, and `{}` means the same. A schema without references can be embedded in another.
  return JSON.parse(JSON.stringify(node), (_key, value) => (value?.$ref === undefined ? value : {}));
}

/** The schemas that may apply. From a union, only the branches whose constants match `value`. */
function alternatives(node: SchemaNode, value?: unknown): SchemaNode[] {
  const branches = [...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])];
  const nested = branches.flatMap((branch) => alternatives(branch, value));
  return [node, ...nested].filter((candidate) => agrees(candidate, value));
}

/** The keys that are valid at `path`. */
export function knownKeys(schema: SchemaNode, path: JsonPath, value: unknown): string[] {
  const [part, ...rest] = path;
  const keys = alternatives(schema, value).flatMap((node) => {
    if (part === undefined) return Object.keys(node.properties ?? {});
    const child = childOf(node, part);
    return child === null ? [] : knownKeys(child, rest, member(value, part));
  });
  return [...new Set(keys)];
}

function childOf(node: SchemaNode, part: string | number): SchemaNode | null {
  if (typeof part === "number") return node.items ?? null;
  const property = Object.hasOwn(node.properties ?? {}, part) ? node.properties?.[part] : undefined;
  if (property !== undefined) return property;
  return typeof node.additionalProperties === "object" ? node.additionalProperties : null;
}

function agrees(node: SchemaNode, value: unknown): boolean {
  return Object.entries(node.properties ?? {}).every(([key, property]) => {
    const found = member(value, key);
    return property.const === undefined || found === undefined || found === property.const;
  });
}

function member(value: unknown, key: string | number): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  return Reflect.get(value, key);
}
