/** The fields of an answer of any form. */
export type JsonBody = Record<string, unknown>;

/** The object in a body; null for anything else. */
export function readJson(body: string): JsonBody | null {
  try {
    return asObject(JSON.parse(body));
  } catch {
    return null;
  }
}

/** The same value as an object with readable members; null for anything else. */
export function asObject(value: unknown): JsonBody | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : null;
}
