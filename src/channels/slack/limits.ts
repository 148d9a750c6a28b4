import { formattedSpans } from "../../core/markdown/blocks.ts";
import { splitText } from "../../core/split-text.ts";

/**
 * The longest part, in UTF-16 code units. `markdown_text` may have 12,000 characters, but its fallback `text` is
 * refused above 4,000 in places; a part must fit both, also where something is escaped.
 */
export const TEXT_LIMIT = 3_900;

/** Slack takes the status down after about two minutes, or when a reply comes. */
export const TYPING_REFRESH_MS = 60_000;

export function split(text: string): string[] {
  return splitText(text, { limit: TEXT_LIMIT, fences: true, keepTogether: formattedSpans });
}
