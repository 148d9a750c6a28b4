import type { Parameters } from "./content.ts";
import { readHtml } from "./html.ts";
import { isFields, listOf, wordsOf } from "./rich-parts.ts";

/** A rich message as a phone shows it. */
export interface RichContent {
  text: string;
  /** The blocks as they arrived; null if the message was written as HTML or Markdown. */
  blocks: unknown[] | null;
}

/** Limits of a rich message (Bot API, "Rich Message Limits"). */
const MOST = { characters: 32_768, blocks: 500, depth: 16, columns: 20 };

/** Reads a rich message, which has exactly one of three forms. A text is Telegram's refusal. */
export function readRich({ rich_message: message }: Parameters): RichContent | string {
  if (!isFields(message)) return "rich message must be non-empty";
  const { blocks, html, markdown } = message;
  const given = [blocks, html, markdown].filter((form) => form !== undefined);
  if (given.length !== 1) return "exactly one of blocks, html and markdown must be specified";
  const read = blocks === undefined ? readSource(html, markdown) : readBlocks(blocks);
  if (typeof read === "string") return read;
  if (read.text.trim() === "") return "rich message must be non-empty";
  return [...read.text].length > MOST.characters ? "RICH_MESSAGE_TOO_LONG" : read;
}

function readSource(html: unknown, markdown: unknown): RichContent | string {
  if (typeof markdown === "string") return { text: markdown, blocks: null };
  if (typeof html !== "string") return "field must be of type String";
  const parsed = readHtml(html);
  return typeof parsed === "string" ? parsed : { text: parsed.text, blocks: null };
}

function readBlocks(blocks: unknown): RichContent | string {
  if (!Array.isArray(blocks)) return 'field "blocks" must be of type Array';
  const count = { blocks: 0 };
  const lines = blocks.map((block) => blockOf(block, 1, count));
  const problem = lines.find((line) => line.startsWith(REFUSED));
  if (problem !== undefined) return problem.slice(REFUSED.length);
  if (count.blocks > MOST.blocks) return "RICH_MESSAGE_BLOCKS_TOO_MUCH";
  return { text: lines.join("\n"), blocks };
}

/** Begins a refusal in the place of a block's words. No text begins so. */
const REFUSED = "\u0000";

function blockOf(block: unknown, depth: number, count: { blocks: number }): string {
  if (!isFields(block) || depth > MOST.depth) return `${REFUSED}RICH_MESSAGE_BLOCK_INVALID`;
  count.blocks += 1;
  switch (block["type"]) {
    case "paragraph":
    case "heading":
    case "footer":
    case "pre":
    case "pullquote":
    case "expandable_blockquote":
      return wordsOf(block["text"]);
    case "divider":
      return "———";
    case "list":
      return itemsOf(block["items"], depth, count);
    case "blockquote":
    case "details":
      return listOf(block["blocks"])
        .map((each) => blockOf(each, depth + 1, count))
        .join("\n");
    case "table":
      return tableOf(block["cells"]);
    default:
      return `${REFUSED}RICH_MESSAGE_BLOCK_INVALID`;
  }
}

function itemsOf(items: unknown, depth: number, count: { blocks: number }): string {
  return listOf(items)
    .map((item) => {
      const { blocks, value } = isFields(item) ? item : { blocks: null, value: undefined };
      const words = listOf(blocks).map((each) => blockOf(each, depth + 1, count));
      const problem = words.find((each) => each.startsWith(REFUSED));
      return problem ?? `${typeof value === "number" ? `${value}.` : "•"} ${words.join("\n  ")}`;
    })
    .join("\n");
}

function tableOf(cells: unknown): string {
  const rows = listOf(cells).map(listOf);
  if (rows.length === 0 || rows.some((row) => row.length > MOST.columns))
    return `${REFUSED}RICH_MESSAGE_TABLE_INVALID`;
  return rows
    .map((row) => row.map((cell) => (isFields(cell) ? wordsOf(cell["text"]) : "")).join(" | "))
    .join("\n");
}
