import { readBlocks } from "../../core/text/markdown/blocks.ts";
import { withoutPlainEscapes } from "../../core/text/markdown/escapes.ts";
import { readInline } from "../../core/text/markdown/inline.ts";
import { type Marks, withMarks } from "../../core/text/markdown/marks.ts";
import { escapeText } from "./text.ts";

/** Has no width and is invisible (U+2060). With it, a name such as `@here` notifies nobody. */
const WORD_JOINER = "\u2060";

/** Text that notifies nobody. This notation decodes only three entities, and none of them can stand for an `@`. */
const words = (text: string) =>
  escapeText(withoutPlainEscapes(text)).replace(
    /(?<![A-Za-z0-9/])@(?=(?:channel|here|everyone|group)(?![A-Za-z0-9]))/gi,
    `@${WORD_JOINER}`,
  );

/** Slack's older notation (docs.slack.dev, Formatting message text). */
const MARKS: Marks = {
  bold: "*",
  italic: "_",
  strike: "~",
  words,
  code: (text) => (text.includes("`") ? words(text) : `\`${escapeText(text)}\``),
  link: (label, url) =>
    /^https?:/.test(url) && !/[<>|]/.test(label + url) ? `<${escapeText(url)}|${words(label)}>` : null,
};

/**
 * Converts the Markdown of models to Slack's older notation, for calls that do not accept `markdown_text`. Mentions are
 * escaped, so they notify nobody.
 */
export function toMrkdwn(markdown: string): string {
  return [...readBlocks(markdown)]
    .map((block) => {
      // Slack knows no language after a fence and would show it as code.
      if (block.kind === "code") return `\`\`\`\n${escapeText(block.text)}\n\`\`\``;
      return withMarks(readInline(block.text, block.kind === "heading" ? { bold: true } : {}).runs, MARKS);
    })
    .join("\n");
}
