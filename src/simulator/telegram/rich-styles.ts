import { code, codeBlock, link, literal, marked, quote, table } from "../as-markdown.ts";

const MARKS: Readonly<Record<string, string>> = { bold: "**", italic: "*", strikethrough: "~~" };

/** The blocks of a rich message as Markdown. They were checked when they arrived. */
export function blocksAsMarkdown(blocks: readonly unknown[]): string {
  return blocks.map(blockAsMarkdown).join("\n\n");
}

function blockAsMarkdown(block: unknown): string {
  if (!isFields(block)) return "";
  switch (block["type"]) {
    case "heading":
      return `### ${words(block["text"]).replaceAll("\n", " ")}`;
    case "pre":
      return codeBlock(plain(block["text"]), String(block["language"] ?? "")).trim();
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
          listOf(row).map((cell) => words(isFields(cell) ? cell["text"] : "")),
        ),
      );
    default:
      return words(block["text"]);
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
function words(text: unknown): string {
  if (typeof text === "string") return literal(text);
  if (Array.isArray(text)) return text.map(words).join("");
  if (!isFields(text)) return "";
  const type = String(text["type"]);
  if (type === "code") return code(plain(text["text"]));
  if (type === "url") return link(words(text["text"]), String(text["url"]));
  return marked(words(text["text"]), MARKS[type] ?? "");
}

function plain(text: unknown): string {
  if (typeof text === "string") return text;
  if (Array.isArray(text)) return text.map(plain).join("");
  return isFields(text) ? plain(text["text"]) : "";
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
