import { formattedSpans } from "../../core/markdown/blocks.ts";
import { splitText } from "../../core/split-text.ts";

/** The longest text of a message, in UTF-16 code units after entity parsing (Bot API, sendMessage). */
export const TEXT_LIMIT = 4096;

/** Telegram shows "typing…" for five seconds. */
export const TYPING_REFRESH_MS = 4000;

/** Formatting only ever shortens a text, so what fits here fits after entity parsing. */
export function split(text: string): string[] {
  return splitText(text, { limit: TEXT_LIMIT, fences: true, keepTogether: formattedSpans });
}
