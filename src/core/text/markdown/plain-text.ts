import { readBlocks } from "./blocks.ts";
import { withoutEscapes } from "./escapes.ts";
import { type Run, readInline } from "./inline.ts";
import { type Marks, withMarks } from "./marks.ts";

const MARKS: Marks = {
  bold: "",
  italic: "",
  // Text that was struck out must not look valid.
  strike: "~~",
  words: withoutEscapes,
  code: (text) => text,
  link: () => null,
};

/**
 * Converts Markdown to text for platforms without formatting. It removes the marks, puts the URL after a link and turns
 * tables into lines of cells. The result is never longer than the source.
 */
export function toPlainText(markdown: string): string {
  const lines: string[] = [];
  for (const block of readBlocks(markdown)) {
    if (block.kind === "code") lines.push(block.text);
    else if (block.kind === "row")
      lines.push(block.cells.map((cell) => plain(readInline(cell).runs)).join(" | "));
    else if (block.kind !== "rule") lines.push(plain(readInline(block.text).runs));
  }
  const text = lines.join("\n");
  return text.trim() === "" || text.length > markdown.length ? markdown : text;
}

const plain = (runs: readonly Run[]) => withMarks(runs, MARKS);
