import { code, codeBlock, link, literal, marked, quote, table } from "../as-markdown.ts";
import { isFields, listOf, wordsOf } from "./rich-parts.ts";
import { MARKS } from "./styles.ts";

/** The blocks of a rich message as Markdown. They were checked when they arrived. */
export function blocksAsMarkdown(blocks: readonly unknown[]): string {
  return blocks.map(blockAsMarkdown).join("\n\n");
}

function blockAsMarkdown(block: unknown): string {
  if (!isFields(block)) return "";
  switch (block["type"]) {
    case "heading":
      return `### ${styled(block["text"]).replaceAll("\n", " ")}`;
    case "pre":
      return codeBlock(wordsOf(block["text"]), String(block["language"] ?? "")).trim();
    case "divider":
      return "---";
    case "list":
      return listOf(block["items"]).map(itemAsMarkdown).join("\n");
    case "blockquote":
    case "details":
      return quote(blocksAsMarkdown(listOf(block["blocks"]))).trim();
    case "table":
      return table(
        listOf(block["cells"]).map((row) =>
          listOf(row).map((cell) => styled(isFields(cell) ? cell["text"] : "")),
        ),
      );
    default:
      return styled(block["text"]);
  }
}

/** Lines after the first one belong to the item if they are indented. */
function itemAsMarkdown(item: unknown): string {
  if (!isFields(item)) return "";
  const mark = typeof item["value"] === "number" ? `${item["value"]}.` : "-";
  const markdown = listOf(item["blocks"]).map(blockAsMarkdown).join("\n");
  return `${mark} ${markdown.replaceAll("\n", `\n${" ".repeat(mark.length + 1)}`)}`;
}

/** A text of the Bot API: words, several texts, or a text with a style. */
function styled(text: unknown): string {
  if (typeof text === "string") return literal(text);
  if (Array.isArray(text)) return text.map(styled).join("");
  if (!isFields(text)) return "";
  const type = String(text["type"]);
  if (type === "code") return code(wordsOf(text["text"]));
  if (type === "url") return link(styled(text["text"]), String(text["url"]));
  return marked(styled(text["text"]), MARKS[type] ?? "");
}
