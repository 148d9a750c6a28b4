/** Fields that contain the caller's own JSON, or names of tables. Their content is not changed. */
const OPAQUE = new Set([
  "metadata",
  "variables",
  "participant_data",
  "session_data",
  "metadata_filter",
  "definition",
  "profile",
  "details",
  "erased_rows",
]);

/** Converts `createdAt` to `created_at` in all objects except the caller's own JSON. */
export function toWire(value: unknown): unknown {
  return renamed(value, toSnake, (_name, wireName) => OPAQUE.has(wireName));
}

/** Converts `created_at` to `createdAt` in all objects except the caller's own JSON. */
export function fromWire(value: unknown): unknown {
  return renamed(value, toCamel, (name) => OPAQUE.has(name));
}

function renamed(
  value: unknown,
  rename: (name: string) => string,
  isOpaque: (name: string, renamed: string) => boolean,
): unknown {
  if (Array.isArray(value)) return value.map((item) => renamed(item, rename, isOpaque));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => {
      const to = rename(name);
      return [to, isOpaque(name, to) ? item : renamed(item, rename, isOpaque)];
    }),
  );
}

function toSnake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function toCamel(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());
}
