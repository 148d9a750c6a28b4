import { z } from "zod";
import { isJsonObject, type Json, type JsonObject } from "../../../core/text/json.ts";

/** A Zod schema as JSON Schema. Named schemas move to the components. */
export function schemaOf(schema: z.ZodType, io: "input" | "output", components: JsonObject): JsonObject {
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

/** A value as JSON, without its undefined fields. */
export function plainJson(value: unknown): JsonObject {
  return JSON.parse(JSON.stringify(value));
}
