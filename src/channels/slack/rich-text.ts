import { escapeText } from "./text.ts";

type Node = Readonly<Record<string, unknown>>;

/**
 * Converts blocks to Slack's own notation, as in the text beside them. It serves messages with an empty text, such as
 * those that clients compose only of blocks. Blocks can have any format, and an unknown block adds no text.
 */
export function blocksInWords(blocks: readonly Node[]): string {
  return blocks
    .map(blockInWords)
    .filter((words) => words.trim() !== "")
    .join("\n");
}

/** The tables among the blocks, as Markdown, because Slack puts them into no text. */
export function tablesInWords(blocks: readonly Node[]): string[] {
  return blocks.filter(({ type }) => type === "table").map((block) => table(nodesOf(block["rows"])));
}

function blockInWords(block: Node): string {
  switch (block["type"]) {
    case "rich_text":
      return nodesOf(block["elements"]).map(paragraph).join("\n");
    case "section":
      return [textOf(block["text"]), ...nodesOf(block["fields"]).map(textOf)].join("\n").trim();
    case "header":
      return textOf(block["text"]);
    case "markdown":
      return escapeText(stringOf(block["text"]));
    case "context":
      return nodesOf(block["elements"]).map(textOf).join(" ");
    case "image":
      return escapeText(stringOf(block["alt_text"]));
    default:
      return "";
  }
}

/** One element of a rich text. */
function paragraph(node: Node): string {
  const inside = nodesOf(node["elements"]);
  switch (node["type"]) {
    case "rich_text_list":
      return list(node, inside);
    case "rich_text_preformatted":
      return `\`\`\`\n${inside.map(wordsOf).join("")}\n\`\`\``;
    case "rich_text_quote":
      return inside
        .map(inline)
        .join("")
        .split("\n")
        .map((line) => `&gt; ${line}`)
        .join("\n");
    default:
      return inside.map(inline).join("");
  }
}

function list({ style, indent, offset }: Node, items: readonly Node[]): string {
  const first = 1 + (typeof offset === "number" ? offset : 0);
  const before = "    ".repeat(typeof indent === "number" ? Math.min(indent, 8) : 0);
  return items
    .map((item, index) => `${before}${style === "ordered" ? `${first + index}.` : "•"} ${paragraph(item)}`)
    .join("\n");
}

/** Innermost first. */
const MARKS = [
  ["code", "`"],
  ["strike", "~"],
  ["italic", "_"],
  ["bold", "*"],
] as const;

function inline(node: Node): string {
  const words = wordsOf(node);
  const style = isNode(node["style"]) ? node["style"] : {};
  if (words.trim() === "") return words;
  return MARKS.reduce((marked, [key, mark]) => (style[key] === true ? mark + marked + mark : marked), words);
}

function wordsOf(node: Node): string {
  const text = escapeText(stringOf(node["text"]));
  switch (node["type"]) {
    case "text":
      return text;
    case "link":
      return `<${escapeText(stringOf(node["url"]))}${text === "" ? "" : `|${text}`}>`;
    case "user":
      return `<@${stringOf(node["user_id"])}>`;
    case "channel":
      return `<#${stringOf(node["channel_id"])}>`;
    case "usergroup":
      return `<!subteam^${stringOf(node["usergroup_id"])}>`;
    case "broadcast":
      return `<!${stringOf(node["range"])}>`;
    case "emoji":
      return `:${stringOf(node["name"])}:`;
    case "date":
      return escapeText(stringOf(node["fallback"]));
    case "color":
      return escapeText(stringOf(node["value"]));
    default:
      return text;
  }
}

function table(rows: readonly unknown[]): string {
  const [head = [], ...body] = rows.map((row) => nodesOf(row).map(cell));
  const line = (row: readonly string[]) => `| ${row.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...body.map(line)].join("\n");
}

function cell(node: Node): string {
  const words =
    node["type"] === "rich_text"
      ? nodesOf(node["elements"])
          .map((part) => paragraph({ ...part, elements: nodesOf(part["elements"]).map(withoutBars) }))
          .join(" ")
      : wordsOf(withoutBars({ type: "text", text: `${node["text"] ?? node["value"] ?? ""}` }));
  return oneLine(words);
}

/** Without a regular expression, because it takes quadratic time on a cell full of spaces. */
function oneLine(words: string): string {
  return words
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .join(" ");
}

/** A bar would end the cell. */
const withoutBars = (node: Node): Node =>
  typeof node["text"] === "string" ? { ...node, text: node["text"].replaceAll("|", "\\|") } : node;

/** A text object. Only `mrkdwn` is already in Slack's notation, so other text is escaped. */
function textOf(value: unknown): string {
  if (!isNode(value)) return "";
  const text = stringOf(value["text"]);
  return value["type"] === "mrkdwn" ? text : escapeText(text);
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null;
}

const nodesOf = (value: unknown): Node[] => (Array.isArray(value) ? value.filter(isNode) : []);
const stringOf = (value: unknown) => (typeof value === "string" ? value : "");
