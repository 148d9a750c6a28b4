/** One difference between two JSON values. A missing value is `undefined`. */
export interface Change {
  /** Such as `address.city`. */
  path: string;
  before: unknown;
  after: unknown;
}

/** The differences between two JSON objects. Objects are compared key by key, everything else as a whole. */
export function jsonChanges(before: unknown, after: unknown, path = ""): Change[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (!isObject(before) || !isObject(after)) return [{ path, before, after }];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
    jsonChanges(before[key], after[key], path === "" ? key : `${path}.${key}`),
  );
}

/** Reads a JSON object that somebody typed. A string tells what is wrong with it. */
export function readObject(text: string): Record<string, unknown> | string {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : "Write an object, in braces.";
  } catch (error) {
    return `This is not JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
