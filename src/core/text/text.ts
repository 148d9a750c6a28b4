import type { JsonObject } from "./json.ts";

/**
 * Text that Postgres can store: NUL and unpaired surrogates become U+FFFD, the visible replacement character. Postgres
 * refuses both in text and jsonb. One such message would fail the whole batch of its commit.
 */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll("\u0000", "\uFFFD");
}

/**
 * A piece of a text, converted as by `storableText`. Unpaired surrogates stay, because a pair split in half may still
 * become whole.
 */
export function storablePiece(text: string): string {
  return text.includes("\u0000") ? text.replaceAll("\u0000", "\uFFFD") : text;
}

/**
 * The same for a whole value: its JSON, safe for json and jsonb columns. Used for values from bots and other external
 * systems.
 */
export function storableJson(value: unknown): string {
  const json = JSON.stringify(value);
  if (!json.includes("\\u")) return json;
  // `stringify` always writes a lone surrogate and NUL as escapes. After an escaped backslash, the same characters are
  // not an escape.
  return json.replaceAll(/\\\\|\\u(?:0000|d[89a-f][0-9a-f]{2})/g, (written) =>
    written === "\\\\" ? written : "\uFFFD",
  );
}

/** The same for an object that stays an object. */
export function storableObject(value: JsonObject): JsonObject {
  const json = storableJson(value);
  return json === JSON.stringify(value) ? value : JSON.parse(json);
}

/** The first line of a text, at most `limit` characters, cut between words if possible. */
export function excerpt(text: string, limit: number): string {
  const line = text.trim().split("\n", 1)[0]?.trim() ?? "";
  if (line.length <= limit) return line;
  const cut = line.slice(0, limit - 1);
  const space = cut.lastIndexOf(" ");
  return `${(space > limit / 2 ? cut.slice(0, space) : cut).toWellFormed()}…`;
}

/** A text on one line, at most `limit` characters. */
export function oneLine(text: string, limit: number): string {
  return shortened(text.replace(/[\s\p{Cc}]+/gu, " ").trim(), limit);
}

/** A text of at most `limit` characters. An ellipsis marks a cut. */
export function shortened(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1).toWellFormed()}…`;
}

/** The same data with storable texts. Data without a NUL, which is nearly all, is returned as it is. */
export function storableData<T>(data: T): T {
  // The copy has the type of the original: only texts within it differ.
  return hasNul(data) ? (withStorableTexts(data) as T) : data;
}

function hasNul(value: unknown): boolean {
  if (typeof value === "string") return value.includes("\0");
  return (
    typeof value === "object" && value !== null && Object.entries(value).some((entry) => entry.some(hasNul))
  );
}

function withStorableTexts(value: unknown): unknown {
  if (typeof value === "string") return storableText(value);
  if (Array.isArray(value)) return value.map(withStorableTexts);
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [storableText(key), withStorableTexts(member)]),
  );
}
