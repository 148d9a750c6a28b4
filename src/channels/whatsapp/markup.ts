import { readBlocks } from "../../core/text/markdown/blocks.ts";
import { withoutPlainEscapes } from "../../core/text/markdown/escapes.ts";
import { readInline } from "../../core/text/markdown/inline.ts";
import { type Marks, withMarks } from "../../core/text/markdown/marks.ts";

/** WhatsApp's own marks (WhatsApp help, "How to format your messages"). Quotes and lists are written as in Markdown. */
const MARKS: Marks = {
  bold: "*",
  italic: "_",
  strike: "~",
  words: withoutPlainEscapes,
  code: (text) => (text.includes("`") ? block(text) : `\`${text}\``),
  link: () => null,
};

/**
 * Converts Markdown to WhatsApp's notation: headings and table heads become bold, and a link's URL follows its text.
 * The result is never longer than the input. If it would be, the input is sent unchanged.
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

/** Code that contains the mark itself can only be shown unchanged. */
function block(code: string): string {
  return code.includes("```") || /^`|`$/.test(code) ? code : `\`\`\`${code}\`\`\``;
}
