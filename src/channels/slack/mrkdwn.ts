import { readBlocks } from "../../core/markdown/blocks.ts";
import { readInline } from "../../core/markdown/inline.ts";
import { type Marks, withMarks } from "../../core/markdown/marks.ts";
import { escapeText, withoutPings } from "./text.ts";

/** Slack's older notation (docs.slack.dev, Formatting message text). */
const MARKS: Marks = {
  bold: "*",
  italic: "_",
  strike: "~",
  words: escapeText,
  code: (text) => (text.includes("`") ? escapeText(text) : `\`${escapeText(text)}\``),
  link: (label, url) =>
    /^https?:/.test(url) && !/[<>|]/.test(label + url) ? `<${escapeText(url)}|${escapeText(label)}>` : null,
};

/**
 * The Markdown that models write in Slack's older notation, for where `markdown_text` is not taken. Mentions are
 * escaped, so they notify nobody.
 */
export function toMrkdwn(markdown: string): string {
  return [...readBlocks(withoutPings(markdown))]
    .map((block) => {
      // Slack knows no language after a fence and would show it as code.
      if (block.kind === "code") return `\`\`\`\n${escapeText(block.text)}\n\`\`\``;
      return withMarks(readInline(block.text, block.kind === "heading" ? { bold: true } : {}).runs, MARKS);
    })
    .join("\n");
}
