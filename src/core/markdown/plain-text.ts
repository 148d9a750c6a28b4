import { readBlocks } from "./blocks.ts";
import { type Run, readInline } from "./inline.ts";
import { type Marks, withMarks } from "./marks.ts";

const MARKS: Marks = {
  bold: "",
  italic: "",
  // What was struck out must not read as if it still held.
  strike: "~~",
  words: (text) => text,
  code: (text) => text,
  link: () => null,
};

/**
 * Markdown as it reads where nothing is formatted: without the marks, with the address behind a link, and tables as
 * lines of cells. Never longer than it was.
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
