import { type Entity, type Formatted, readEntities, trimmed } from "./entities.ts";
import { readHtml } from "./html.ts";
import { readMarkdown } from "./markdown.ts";

export interface InlineButton {
  text: string;
  callback_data?: string;
  url?: string;
}

/** The parameters of a call. Values of forms arrive as text. */
export type Parameters = Record<string, unknown>;

/** Reads a text and its entities, within a limit after parsing; a text is Telegram's refusal. */
function readText(
  given: unknown,
  {
    mode,
    entities,
    most,
    tooLong,
    isOptional = false,
  }: {
    mode: unknown;
    entities: unknown;
    most: number;
    tooLong: string;
    isOptional?: boolean;
  },
): Formatted | string {
  const source = given === undefined && isOptional ? "" : given;
  if (typeof source !== "string") return "message text is empty";
  if (!source.isWellFormed()) return "strings must be encoded in UTF-8";
  const parsed = parse(source.replaceAll("\r", ""), mode, entities);
  if (typeof parsed === "string") return parsed;
  const content = trimmed(parsed);
  if (content.text === "" && !isOptional) return "message text is empty";
  return content.text.length > most ? tooLong : content;
}

function parse(source: string, mode: unknown, given: unknown): Formatted | string {
  if (mode === undefined || mode === "" || mode === null) {
    const entities: Entity[] | string = readEntities(source, given);
    return typeof entities === "string" ? entities : { text: source, entities };
  }
  switch (String(mode).toLowerCase()) {
    case "html":
      return readHtml(source);
    case "markdownv2":
      return readMarkdown(source, { isV2: true });
    case "markdown":
      return readMarkdown(source, { isV2: false });
    default:
      return "unsupported parse_mode";
  }
}

export const messageText = ({ text, parse_mode, entities }: Parameters): Formatted | string =>
  readText(text, { mode: parse_mode, entities, most: 4096, tooLong: "message is too long" });

export const captionText = ({ caption, parse_mode, caption_entities }: Parameters): Formatted | string =>
  readText(caption, {
    mode: parse_mode,
    entities: caption_entities,
    most: 1024,
    tooLong: "message caption is too long",
    isOptional: true,
  });

/** The inline keyboard of a call, row by row; undefined: none. A text is Telegram's refusal. */
export function readKeyboard(markup: unknown): InlineButton[][] | undefined | string {
  if (markup === undefined || markup === null) return undefined;
  if (typeof markup !== "object") return "object expected as reply markup";
  if (!("inline_keyboard" in markup)) return undefined;
  const rows = markup.inline_keyboard;
  if (!Array.isArray(rows) || !rows.every(Array.isArray))
    return 'field "inline_keyboard" must be of type Array';
  const buttons: InlineButton[] = rows.flat();
  if (buttons.length > 100) return "reply markup is too long";
  for (const { text, callback_data: data, url } of buttons) {
    if (typeof text !== "string" || text.trim() === "") return "inline keyboard button text is empty";
    if (data === undefined && url === undefined) return "text buttons are unallowed in the inline keyboard";
    if (data !== undefined && (data === "" || Buffer.byteLength(String(data)) > 64))
      return "BUTTON_DATA_INVALID";
    if (url !== undefined && !isButtonUrl(url))
      return `inline keyboard button URL '${String(url)}' is invalid: Wrong HTTP URL`;
  }
  return rows as InlineButton[][];
}

function isButtonUrl(url: unknown): boolean {
  if (typeof url !== "string" || !URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === "tg:" || (/^https?:$/.test(protocol) && hostname.includes("."));
}
