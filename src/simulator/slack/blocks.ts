/** A part of a message in Block Kit (docs.slack.dev/reference/block-kit). */
export interface Block {
  type: string;
  block_id?: string;
  [key: string]: unknown;
}

export interface ButtonElement {
  type: string;
  action_id: string;
  text: { type: string; text: string };
  value?: string;
  url?: string;
}

const MOST = {
  blocks: 50,
  section: 3_000,
  header: 150,
  markdown: 12_000,
  elements: 25,
  label: 75,
  whole: 13_200,
};

/** Reads the blocks of a call; a text is Slack's error. */
export function readBlocks(given: unknown): Block[] | string {
  if (given === undefined || given === null || given === "") return [];
  let blocks: unknown = given;
  try {
    if (typeof given === "string") blocks = JSON.parse(given);
  } catch {
    return "invalid_blocks_format";
  }
  if (!Array.isArray(blocks)) return "invalid_blocks_format";
  if (blocks.length > MOST.blocks) return "invalid_blocks";
  const read = blocks as Block[];
  if (read.some((block) => typeof block !== "object" || block === null || !isValid(block)))
    return "invalid_blocks";
  const markdown = read.filter(({ type }) => type === "markdown").map(({ text }) => String(text));
  if (markdown.join("").length > MOST.markdown) return "msg_too_long";
  if (JSON.stringify(read.map(textOf)).length > MOST.whole) return "msg_blocks_too_long";
  // Slack gives every block an id.
  return read.map((block, index) => ({ block_id: `block-${index}`, ...block }));
}

function isValid(block: Block): boolean {
  const text = textOf(block);
  switch (block.type) {
    case "section":
      return text.length <= MOST.section && (text !== "" || Array.isArray(block.fields));
    case "header":
      return text !== "" && text.length <= MOST.header;
    case "markdown":
      return typeof block.text === "string" && block.text !== "";
    case "actions": {
      const elements = elementsOf(block);
      const ids = elements.map(({ action_id }) => action_id).filter((id) => id !== undefined);
      const isFull = elements.length > 0 && elements.length <= MOST.elements;
      return isFull && new Set(ids).size === ids.length && elements.every(isElement);
    }
    case "context":
      return Array.isArray(block.elements) && block.elements.length > 0 && block.elements.length <= 10;
    default:
      return ["divider", "image", "input", "rich_text", "file", "video", "table", "context_actions"].includes(
        block.type,
      );
  }
}

function isElement({ type, text, action_id, value }: ButtonElement): boolean {
  if (type !== "button") return typeof type === "string";
  const label = text?.text;
  return (
    typeof label === "string" &&
    label !== "" &&
    label.length <= MOST.label &&
    (action_id ?? "").length <= 255 &&
    (value ?? "").length <= 2_000
  );
}

const elementsOf = (block: Block) =>
  Array.isArray(block.elements) ? (block.elements as ButtonElement[]) : [];

/** The words of a block. */
export function textOf(block: Block): string {
  const { text, elements, fields } = block;
  if (typeof text === "string") return text;
  if (isText(text)) return text.text;
  if (block.type === "actions" || block.type === "context_actions") return "";
  const parts = [...listOf(elements), ...listOf(fields)];
  return parts.map((part) => textOf(part as Block)).join(block.type === "context" ? " " : "");
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

function isText(value: unknown): value is { text: string } {
  return typeof value === "object" && value !== null && "text" in value && typeof value.text === "string";
}

/** The buttons of a message, with the blocks that hold them. */
export function buttonsOf(blocks: readonly Block[]): { block: Block; button: ButtonElement }[] {
  return blocks.flatMap((block) => {
    const accessory = block.accessory as ButtonElement | undefined;
    const all = [...(block.type === "actions" ? elementsOf(block) : []), ...(accessory ? [accessory] : [])];
    return all.filter(({ type }) => type === "button").map((button) => ({ block, button }));
  });
}
