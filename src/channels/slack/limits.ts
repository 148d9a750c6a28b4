import { MARKDOWN_CUTS } from "../../core/text/markdown/blocks.ts";
import { splitText } from "../../core/text/split-text.ts";

/**
 * The longest part, in UTF-16 code units. `markdown_text` may have 12,000 characters, but some calls refuse its
 * fallback `text` above 4,000. A part must fit both, also after escaping.
 */
export const TEXT_LIMIT = 3_900;

/** Slack removes the status after about two minutes, or when a reply comes. */
export const TYPING_REFRESH_MS = 60_000;

export function split(text: string, format?: "text"): string[] {
  return splitText(text, { limit: TEXT_LIMIT, ...(format !== "text" && MARKDOWN_CUTS) });
}
