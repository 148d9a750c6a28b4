import type { JsonObject } from "../core/text/json.ts";
import type { Prisma } from "./generated/client.ts";

/** The value of a column that holds only objects. Prisma types every JSON column as any JSON. */
export function jsonObject(value: Prisma.JsonValue): JsonObject {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new Error("a column for objects has another value");
}
