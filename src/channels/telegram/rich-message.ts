/** A depth that no rich message reaches (Bot API, Rich Message Limits: 16). */
const DEEPEST = 40;

/** A block, or a piece of text, with all its possible fields. */
interface Fields {
  alternative_text?: unknown;
  blocks?: unknown;
  button?: unknown;
  caption?: unknown;
  cells?: unknown;
  expression?: unknown;
  has_checkbox?: unknown;
  is_checked?: unknown;
  items?: unknown;
  label?: unknown;
  language?: unknown;
  size?: unknown;
  summary?: unknown;
  text?: unknown;
  type?: unknown;
  url?: unknown;
}

/**
 * A rich message as Markdown (Bot API, RichMessage). People cannot write one, but they forward those of bots. An
 * unknown kind becomes its plain text.
 */
export function richWords(message: unknown): string | null {
  const words = isFields(message) ? blocksOf(message.blocks, 0) : "";
  return words.trim() === "" ? null : words;
}

function blocksOf(blocks: unknown, depth: number): string {
  if (!Array.isArray(blocks) || depth > DEEPEST) return "";
  return blocks
    .map((block: unknown) => (isFields(block) ? blockOf(block, depth + 1) : ""))
    .filter((words) => words.trim() !== "")
    .join("\n\n");
}

function blockOf(block: Fields, depth: number): string {
  const words = () => textOf(block.text, depth);
  switch (block.type) {
    case "heading":
      return `${"#".repeat(Number(block.size) || 1)} ${words()}`;
    case "pre":
      return `\`\`\`${typeof block.language === "string" ? block.language : ""}\n${words()}\n\`\`\``;
    case "list":
      return listOf(block.items, depth);
    case "table":
      return tableOf(block.cells, depth);
    case "blockquote":
      return quoted(blocksOf(block.blocks, depth));
    case "expandable_blockquote":
    case "pullquote":
      return quoted(words());
    case "details":
      return [textOf(block.summary, depth), blocksOf(block.blocks, depth)].join("\n\n");
    case "mathematical_expression":
      return textOf(block, depth);
    default:
      return [words(), blocksOf(block.blocks, depth), captionOf(block.caption, depth)]
        .filter((each) => each !== "")
        .join("\n");
  }
}

function listOf(items: unknown, depth: number): string {
  if (!Array.isArray(items)) return "";
  return items
    .filter(isFields)
    .map((item) => {
      const box = item.has_checkbox ? `[${item.is_checked ? "x" : " "}] ` : "";
      const label = /^\w/.test(String(item.label ?? "")) ? String(item.label) : "-";
      return `${label} ${box}${blocksOf(item.blocks, depth).replaceAll("\n", "\n  ")}`;
    })
    .join("\n");
}

function tableOf(rows: unknown, depth: number): string {
  if (!Array.isArray(rows)) return "";
  const lines = rows
    .filter((row) => Array.isArray(row))
    .map((row) => {
      const cells = row
        .filter(isFields)
        .map((cell: Fields) => textOf(cell.text, depth).replaceAll("\n", " "));
      return `| ${cells.join(" | ")} |`;
    });
  const columns = lines[0]?.split(" | ").length ?? 0;
  return [lines[0], `|${" --- |".repeat(columns)}`, ...lines.slice(1)].join("\n");
}

function captionOf(caption: unknown, depth: number): string {
  return isFields(caption) && !("type" in caption) ? textOf(caption.text, depth) : textOf(caption, depth);
}

function textOf(value: unknown, depth: number): string {
  if (typeof value === "string") return value;
  if (depth > DEEPEST) return "";
  if (Array.isArray(value)) return value.map((each) => textOf(each, depth + 1)).join("");
  if (!isFields(value)) return "";
  const words = () => textOf(value.text, depth + 1);
  switch (value.type) {
    case "url":
      return words() === value.url ? words() : `[${words()}](${String(value.url)})`;
    case "strikethrough":
      return `~~${words()}~~`;
    case "code":
      return `\`${words()}\``;
    case "custom_emoji":
      return String(value.alternative_text ?? "");
    case "mathematical_expression":
      return String(value.expression ?? "");
    case "button":
      return textOf(value.button, depth + 1);
    default:
      return words();
  }
}

const quoted = (words: string) => words.replaceAll(/^/gm, "> ");

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
