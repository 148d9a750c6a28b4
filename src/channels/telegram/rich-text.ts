import type { InputRichMessageWithoutUpload, RichText } from "grammy/types";
import type { Run } from "../../core/text/markdown/inline.ts";

/** A block of a rich message (Bot API, InputRichBlock). */
export type RichBlock = NonNullable<InputRichMessageWithoutUpload["blocks"]>[number];

/** Runs of a line as the text of a rich message (Bot API, RichText). */
export function richText(runs: readonly Run[]): RichText {
  const texts = runs.filter(({ text }) => text !== "").map(styled);
  const [first = ""] = texts;
  return texts.length > 1 ? texts : first;
}

function styled({ text, bold, italic, strike, code, link }: Run): RichText {
  let rich: RichText = code ? { type: "code", text } : text;
  if (strike) rich = { type: "strikethrough", text: rich };
  if (italic) rich = { type: "italic", text: rich };
  if (bold) rich = { type: "bold", text: rich };
  return link === null ? rich : { type: "url", text: rich, url: link.url };
}
