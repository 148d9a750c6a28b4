/**
 * Text that Postgres can store: NUL and unpaired surrogates become U+FFFD, the visible replacement character.
 * Postgres refuses both in text and jsonb, and one such message would fail the whole batch it is committed with.
 */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll("\u0000", "\uFFFD");
}

/** The same for a whole value: its JSON, safe for json and jsonb columns. For what bots and other outsiders made up. */
export function storableJson(value: unknown): string {
  const json = JSON.stringify(value);
  if (!json.includes("\\u")) return json;
  // A lone surrogate and NUL are always escapes in what `stringify` writes; an escaped backslash before them is none.
  return json.replaceAll(/\\\\|\\u(?:0000|d[89a-f][0-9a-f]{2})/g, (written) =>
    written === "\\\\" ? written : "\uFFFD",
  );
}

/** The first line of a text, at most `limit` characters, cut at a word where there is one. */
export function excerpt(text: string, limit: number): string {
  const line = text.trim().split("\n", 1)[0]?.trim() ?? "";
  if (line.length <= limit) return line;
  const cut = line.slice(0, limit - 1);
  const space = cut.lastIndexOf(" ");
  return `${(space > limit / 2 ? cut.slice(0, space) : cut).toWellFormed()}…`;
}
