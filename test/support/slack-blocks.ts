/** The fields of a block that tests check. */
export interface FakeBlock {
  type: string;
  block_id?: string;
  /** For a `markdown` block. */
  text?: string;
  /** For a picture. */
  image_url?: string;
  alt_text?: string;
  elements?: { type: string; action_id?: string; url?: string; text: string | { text: string } }[];
}

/** The `blocks` of a call, or Slack's error code. */
export function readBlocks(json: string | undefined): FakeBlock[] | "invalid_blocks" | "msg_blocks_too_long" {
  if (json === undefined) return [];
  const blocks = JSON.parse(json) as FakeBlock[];
  const markdown = blocks.filter(({ type }) => type === "markdown");
  if (markdown.reduce((sum, { text = "" }) => sum + text.length, 0) > 12_000) return "msg_blocks_too_long";
  return blocks.length <= 50 && blocks.every(isValid) ? blocks : "invalid_blocks";
}

function isValid({ type, text, image_url = "", alt_text = "", elements = [] }: FakeBlock): boolean {
  if (type === "image")
    return (
      /^https?:/.test(image_url) && image_url.length <= 3000 && alt_text !== "" && alt_text.length <= 2000
    );
  if (type === "markdown") return text !== undefined && text.trim() !== "";
  if (type === "rich_text") return elements.length > 0;
  if (type === "context") return elements.length > 0 && elements.length <= 10;
  if (type !== "actions" || elements.length === 0 || elements.length > 25) return false;
  const ids = elements.map(({ action_id: id }) => id);
  return new Set(ids).size === ids.length && elements.every(isButton);
}

function isButton({ type, action_id: id = "", url = "", text }: NonNullable<FakeBlock["elements"]>[number]) {
  const label = typeof text === "string" ? "" : text.text;
  return (
    type === "button" &&
    id !== "" &&
    id.length <= 255 &&
    url.length <= 3000 &&
    label.trim() !== "" &&
    label.length <= 75
  );
}
