import { MARKDOWN_CUTS } from "../../core/text/markdown/blocks.ts";
import { splitText } from "../../core/text/split-text.ts";

/** Maximum text of a message, in UTF-16 code units after entity parsing (Bot API, sendMessage). */
export const TEXT_LIMIT = 4096;

/** Telegram shows "typing…" for five seconds. */
export const TYPING_REFRESH_MS = 4000;

/** Maximum text of a rich message, in characters (Bot API, "Rich Message Limits"). In UTF-16 code units it is never more. */
export const RICH_LIMIT = 32_768;

/** Formatting only shortens a text, so a part that fits here also fits after entity parsing. */
export function split(text: string, format?: "text", limit: number = TEXT_LIMIT): string[] {
  return splitText(text, { limit, ...(format !== "text" && MARKDOWN_CUTS) });
}
