import { readBlocks } from "../../core/markdown/blocks.ts";
import { readInline } from "../../core/markdown/inline.ts";
import { type Marks, withMarks } from "../../core/markdown/marks.ts";

/** WhatsApp's own marks (WhatsApp help, "How to format your messages"). Quotes and lists are written as in Markdown. */
const MARKS: Marks = {
  bold: "*",
  italic: "_",
  strike: "~",
  words: (text) => text,
  code: (text) => (text.includes("`") ? block(text) : `\`${text}\``),
  link: () => null,
};

/**
 * Markdown as WhatsApp writes it: headings and the head of a table bold, links with their address behind them. Never
 * longer than it was: what would be goes out as it was written.
 */
export function toWhatsapp(markdown: string): string {
  const lines: string[] = [];
  for (const each of readBlocks(markdown)) {
    switch (each.kind) {
      case "code":
        lines.push(block(each.text));
        break;
      case "rule":
        break;
      case "row":
        lines.push(styled(each.cells.join(" | "), each.isHead));
        break;
      default:
        lines.push(styled(each.text, each.kind === "heading"));
    }
  }
  const text = lines.join("\n");
  return text.trim() === "" || text.length > markdown.length ? markdown : text;
}

const styled = (line: string, bold: boolean) => withMarks(readInline(line, bold ? { bold } : {}).runs, MARKS);

/** Code that holds the mark itself can only be shown as it is. */
function block(code: string): string {
  return code.includes("```") || /^`|`$/.test(code) ? code : `\`\`\`${code}\`\`\``;
}
