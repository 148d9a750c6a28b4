/** The words of a text of a rich message: a string, several texts, or a text with a style. */
export function wordsOf(text: unknown): string {
  if (typeof text === "string") return text;
  if (Array.isArray(text)) return text.map(wordsOf).join("");
  return isFields(text) ? wordsOf(text["text"]) : "";
}

/** A value as a list; none for any other value. */
export const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

export function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
