import { z } from "zod";
import { isJsonObject, type Json, type JsonObject } from "../../../core/text/json.ts";
import { isOptionalOnly } from "../../bodies/without-nulls.ts";

/**
 * A Zod schema as JSON Schema. Named schemas move to the components. `nulls`: null counts as a missing field, see
 * `withoutNulls`.
 */
export function schemaOf(
  schema: z.ZodType,
  io: "input" | "output",
  components: JsonObject,
  nulls = false,
): JsonObject {
  const made = z.toJSONSchema(schema, {
    target: "draft-2020-12",
    io,
    unrepresentable: "any",
    ...(nulls ? { override: allowNulls } : {}),
  });
  const { $schema: _dialect, $defs: definitions, ...own } = plainJson(made);
  for (const [name, definition] of Object.entries(isJsonObject(definitions) ? definitions : {})) {
    components[name] = pointToComponents(definition);
  }
  return pointToComponents(own) as JsonObject;
}

/** Adds null to the optional fields of an object. */
function allowNulls({
  zodSchema,
  jsonSchema,
}: {
  zodSchema: z.core.$ZodType;
  jsonSchema: z.core.JSONSchema.BaseSchema;
}) {
  if (!(zodSchema instanceof z.ZodObject)) return;
  for (const [name, field] of Object.entries(jsonSchema.properties ?? {})) {
    const type = zodSchema.shape[name];
    if (typeof field !== "object" || type === undefined || !isOptionalOnly(type)) continue;
    const { description, default: preset, ...value } = field;
    jsonSchema.properties = {
      ...jsonSchema.properties,
      [name]: {
        ...(description === undefined ? {} : { description }),
        ...(preset === undefined ? {} : { default: preset }),
        anyOf: [...(Object.keys(value).join() === "anyOf" ? (value.anyOf ?? []) : [value]), { type: "null" }],
      },
    };
  }
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
