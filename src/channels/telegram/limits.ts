import { MARKDOWN_CUTS } from "../../core/text/markdown/blocks.ts";
import { splitText } from "../../core/text/split-text.ts";

/** Maximum text of a message, in UTF-16 code units after entity parsing (Bot API, sendMessage). */
export const TEXT_LIMIT = 4096;

/** Telegram shows "typing…" for five seconds. */
export const TYPING_REFRESH_MS = 4000;

/** Formatting only shortens a text, so a part that fits here also fits after entity parsing. */
export function split(text: string, format?: "text"): string[] {
  return splitText(text, { limit: TEXT_LIMIT, ...(format !== "text" && MARKDOWN_CUTS) });
}
