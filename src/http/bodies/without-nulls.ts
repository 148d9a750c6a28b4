import { z } from "zod";

/**
 * A value in which null for an optional field counts as a missing field, at any depth. Many programs write null for
 * every field that has no value. Where a schema accepts null, it has a meaning of its own, and stays.
 */
export function withoutNulls(schema: z.core.$ZodType, value: unknown): unknown {
  if (value === null || typeof value !== "object") return value;
  if (schema instanceof z.ZodArray) {
    return Array.isArray(value) ? value.map((entry) => withoutNulls(schema.element, entry)) : value;
  }
  if (schema instanceof z.ZodObject) return fieldsWithoutNulls(schema, value);
  if (schema instanceof z.ZodDiscriminatedUnion) {
    const { options, discriminator } = schema.def;
    const kind = (value as Record<string, unknown>)[discriminator];
    const chosen = options.find((option) =>
      option._zod.propValues?.[discriminator]?.has(kind as z.core.util.Primitive),
    );
    return chosen === undefined ? value : withoutNulls(chosen, value);
  }
  const inner = innerOf(schema);
  return inner === null ? value : withoutNulls(inner, value);
}

/** True if a field may be missing, and if null would be refused. */
export function isOptionalOnly(field: z.core.$ZodType): boolean {
  return field._zod.optin !== undefined && !z.safeParse(field, null).success;
}

function fieldsWithoutNulls({ shape }: z.ZodObject, value: object): object {
  if (Array.isArray(value)) return value;
  const fields = Object.entries(value).flatMap(([name, entry]) => {
    const field = Object.hasOwn(shape, name) ? shape[name] : undefined;
    if (field === undefined) return [[name, entry]];
    return entry === null && isOptionalOnly(field) ? [] : [[name, withoutNulls(field, entry)]];
  });
  return Object.fromEntries(fields);
}

/** The schema inside a wrapper that adds only a default or the like. */
function innerOf(schema: z.core.$ZodType): z.core.$ZodType | null {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodExactOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodReadonly
  )
    return schema.def.innerType;
  return schema instanceof z.ZodPipe ? schema.def.in : null;
}
