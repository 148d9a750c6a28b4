import { readInline } from "../../core/text/markdown/inline.ts";
import { RICH_LIMIT, TEXT_LIMIT } from "./limits.ts";
import { type MarkdownPart, partsOf, shown, unindented } from "./markdown.ts";
import { type ListLine, readListLine, richList } from "./rich-list.ts";
import { type RichBlock, richText } from "./rich-text.ts";

/** Limits of one rich message (Bot API, "Rich Message Limits"). */
const MOST_BLOCKS = 500;
const MOST_COLUMNS = 20;

/**
 * Converts the Markdown that models write to the blocks of a rich message. Blocks are data. So no tag or
 * address in a text becomes a button, a picture or a page that Telegram fetches. Null: a rich message has no
 * place for all of it.
 */
export function richBlocksOf(source: string): RichBlock[] | null {
  if (source.length > RICH_LIMIT) return null;
  const blocks: RichBlock[] = [];
  let list: ListLine[] = [];
  const endList = () => {
    if (list.length > 0) blocks.push(richList(list));
    list = [];
  };
  for (const part of partsOf(source)) {
    const item = part.kind === "line" ? readListLine(part.text) : null;
    if (item !== null) {
      list.push(item);
      continue;
    }
    endList();
    blocks.push(...blocksOf(part, source));
  }
  endList();
  return fits(blocks) ? blocks : null;
}

/** True for a text that a rich message shows better: with headings or tables, or longer than a plain message. */
export function isBetterRich(source: string): boolean {
  return (
    source.length > TEXT_LIMIT || partsOf(source).some(({ kind }) => kind === "table" || kind === "heading")
  );
}

function blocksOf(part: MarkdownPart, source: string): RichBlock[] {
  switch (part.kind) {
    case "code":
      return [
        { type: "pre", text: unindented(part), ...(part.language === "" ? {} : { language: part.language }) },
      ];
    case "table":
      return [tableOf(part.rows)];
    case "heading":
      return [{ type: "heading", text: textOf(part.text), size: sizeOf(source, part.offset) }];
    case "line":
      return part.text.trim() === "" ? [] : [{ type: "paragraph", text: textOf(part.text) }];
  }
}

const textOf = (line: string) => richText(readInline(line).runs.map(shown));

type HeadingSize = Extract<RichBlock, { type: "heading" }>["size"];
const SIZES: readonly HeadingSize[] = [1, 2, 3, 4, 5, 6];

/** The number of marks before the words of a heading. */
function sizeOf(source: string, offset: number): HeadingSize {
  const line = source.slice(source.lastIndexOf("\n", offset - 1) + 1, offset);
  return SIZES[line.trim().length - 1] ?? 6;
}

function tableOf(rows: readonly (readonly string[])[]): RichBlock {
  const width = Math.max(...rows.map((cells) => cells.length));
  const cells = rows.map((row, index) =>
    Array.from({ length: width }, (_, column) => ({
      text: textOf(row[column] ?? ""),
      ...(index === 0 ? { is_header: true as const } : {}),
      align: "left" as const,
      valign: "middle" as const,
    })),
  );
  return { type: "table", cells, is_bordered: true };
}

function fits(blocks: readonly RichBlock[]): boolean {
  const isWide = (block: RichBlock) => block.type === "table" && (block.cells[0]?.length ?? 0) > MOST_COLUMNS;
  return blocks.length > 0 && countOf(blocks) <= MOST_BLOCKS && !blocks.some(isWide);
}

function countOf(blocks: readonly RichBlock[]): number {
  return blocks.reduce(
    (sum, block) =>
      sum +
      1 +
      (block.type === "list" ? block.items.reduce((all, item) => all + countOf(item.blocks), 0) : 0),
    0,
  );
}
