import { readBlocks } from "../text/markdown/blocks.ts";
import { toPlainText } from "../text/markdown/plain-text.ts";

/** The longest text that servers speak (OpenAI, "Create speech"), in UTF-16 code units. */
const LONGEST = 4096;
const ADDRESS = /\b(https?:\/\/|www\.|mailto:)|[\w.+-]+@[\w-]+\.\w/i;
const PICTOGRAPHS = /\p{Extended_Pictographic}|\p{Emoji_Modifier}|\u{200D}|\u{FE0F}|\u{20E3}/gu;

/**
 * The words to speak for a text in Markdown, without marks and emoji. Null for a text that people have to read. It has
 * a URL, code or a table, or it is too long.
 */
export function speakable(markdown: string): string | null {
  if (markdown.length > LONGEST || ADDRESS.test(markdown)) return null;
  if ([...readBlocks(markdown)].some(({ kind }) => kind === "code" || kind === "row")) return null;
  const words = toPlainText(markdown)
    .replace(PICTOGRAPHS, "")
    .replace(/[^\S\n]+/g, " ")
    .replace(/^ | $/gm, "")
    .trim();
  return /[\p{L}\p{N}]/u.test(words) ? words : null;
}
