import type { Entity, Formatted } from "./entities.ts";

const TYPES: Readonly<Record<string, string>> = {
  b: "bold",
  strong: "bold",
  i: "italic",
  em: "italic",
  u: "underline",
  ins: "underline",
  s: "strikethrough",
  strike: "strikethrough",
  del: "strikethrough",
  "tg-spoiler": "spoiler",
  span: "spoiler",
  code: "code",
  pre: "pre",
  blockquote: "blockquote",
  a: "text_link",
  "tg-emoji": "custom_emoji",
};
const NAMED: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"' };
const TOKEN = /<(\/?)([a-z-]*)([^>]*)>|&(?:(lt|gt|amp|quot)|#(\d+)|#x([0-9a-f]+));|[^<&]+|[<&]/gi;

/** Reads `parse_mode: "HTML"` (Bot API, "HTML style"); a text is Telegram's refusal. */
export function readHtml(source: string): Formatted | string {
  const open: { tag: string; entity: Entity }[] = [];
  const entities: Entity[] = [];
  let text = "";
  for (const match of source.matchAll(TOKEN)) {
    const [whole, slash = "", name = "", attributes = "", named, decimal, hexadecimal] = match;
    if (named !== undefined) text += NAMED[named.toLowerCase()] ?? "";
    else if (decimal !== undefined || hexadecimal !== undefined)
      text += characterOf(decimal === undefined ? Number.parseInt(hexadecimal ?? "", 16) : Number(decimal));
    else if (whole === "<")
      return `can't parse entities: Unclosed start tag at byte offset ${bytes(source, match.index)}`;
    else if (!whole.startsWith("<")) text += whole;
    else if (slash !== "") {
      const last = open.pop();
      if (last === undefined || last.tag !== name.toLowerCase())
        return `can't parse entities: Unmatched end tag at byte offset ${bytes(source, match.index)}, expected "</${last?.tag ?? ""}>", found "${whole}"`;
      const length = text.length - last.entity.offset;
      if (length > 0) entities.push({ ...last.entity, length });
    } else {
      const tag = name.toLowerCase();
      const type = TYPES[tag];
      if (type === undefined || (tag === "span" && !attributes.includes("tg-spoiler")))
        return `can't parse entities: Unsupported start tag "${tag}" at byte offset ${bytes(source, match.index)}`;
      open.push({ tag, entity: { type, offset: text.length, length: 0, ...extra(tag, attributes) } });
    }
  }
  const left = open.pop();
  if (left !== undefined)
    return `can't parse entities: Can't find end tag corresponding to start tag "${left.tag}"`;
  // A link without an address is plain text.
  const useful = entities.filter(
    ({ type, url }) => type !== "text_link" || (url !== undefined && URL.canParse(url)),
  );
  return { text, entities: useful.sort((one, other) => one.offset - other.offset) };
}

function extra(tag: string, attributes: string): Pick<Entity, "url" | "language"> {
  const value = /(?:href|class)\s*=\s*(?:"([^"]*)"|'([^']*)'|(\S+))/i.exec(attributes);
  const given = (value?.[1] ?? value?.[2] ?? value?.[3] ?? "").replaceAll("&amp;", "&");
  if (tag === "a") return { url: given };
  return tag === "code" && given.startsWith("language-") ? { language: given.slice(9) } : {};
}

function characterOf(code: number): string {
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : "";
}

const bytes = (source: string, at: number) => Buffer.byteLength(source.slice(0, at));
