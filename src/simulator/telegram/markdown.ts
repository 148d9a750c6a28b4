import type { Entity, Formatted } from "./entities.ts";

interface Style {
  mark: string;
  type: string;
  name: string;
}

const V2: readonly Style[] = [
  { mark: "__", type: "underline", name: "Underline" },
  { mark: "||", type: "spoiler", name: "Spoiler" },
  { mark: "*", type: "bold", name: "Bold" },
  { mark: "_", type: "italic", name: "Italic" },
  { mark: "~", type: "strikethrough", name: "Strikethrough" },
];
const LEGACY: readonly Style[] = V2.filter(({ mark }) => mark === "*" || mark === "_");
const RESERVED = new Set("_*[]()~`>#+-=|{}.!");
const LEGACY_ESCAPES = new Set("_*`[");

/** Reads `parse_mode: "MarkdownV2"` or the older `Markdown` (Bot API, "Formatting options"); a text is a refusal. */
export function readMarkdown(source: string, { isV2 }: { isV2: boolean }): Formatted | string {
  const open: { style: Style; offset: number; at: number }[] = [];
  const entities: Entity[] = [];
  const styles = isV2 ? V2 : LEGACY;
  let text = "";
  let at = 0;

  function code(fence: string): string | null {
    const end = source.indexOf(fence, at + fence.length);
    const name = fence === "`" ? "Code" : "Pre";
    if (end === -1) return cannotEnd(name, at);
    let inner = source.slice(at + fence.length, end);
    const language = fence === "```" ? /^(\w[\w+#-]*)\n/.exec(inner)?.[1] : undefined;
    if (language !== undefined) inner = inner.slice(language.length + 1);
    else if (fence === "```") inner = inner.replace(/^\n/, "");
    const shown = isV2 ? inner.replace(/\\([\\`])/g, "$1") : inner;
    const type = fence === "`" ? "code" : "pre";
    if (shown !== "")
      entities.push({ type, offset: text.length, length: shown.length, ...(language && { language }) });
    text += shown;
    at = end + fence.length;
    return null;
  }

  /** Reads `](address)` at the end of a link's text. */
  function endLink(): string | null {
    const link = open.pop();
    const address = /^\]\(((?:\\.|[^)\\])*)\)/.exec(source.slice(at));
    if (link === undefined || link.style.mark !== "[") return reserved("]", at);
    if (address === null) return isV2 ? cannotEnd("a URL", at) : cannotEnd("TextUrl", at);
    const url = (address[1] ?? "").replace(/\\(.)/g, "$1");
    const length = text.length - link.offset;
    if (length > 0 && URL.canParse(url))
      entities.push({ type: "text_link", offset: link.offset, length, url });
    at += address[0].length;
    return null;
  }

  function toggle(style: Style): string | null {
    const last = open.at(-1);
    if (last?.style.mark === style.mark) {
      open.pop();
      const length = text.length - last.offset;
      if (length > 0) entities.push({ type: style.type, offset: last.offset, length });
    } else if (open.some((each) => each.style.mark === style.mark)) {
      return cannotEnd(last?.style.name ?? style.name, last?.at ?? at);
    } else open.push({ style, offset: text.length, at });
    at += style.mark.length;
    return null;
  }

  while (at < source.length) {
    const character = source.charAt(at);
    const next = source.charAt(at + 1);
    const style = styles.find(({ mark }) => source.startsWith(mark, at));
    let problem: string | null = null;
    if (character === "\\" && (isV2 ? /[\x21-\x7e]/.test(next) : LEGACY_ESCAPES.has(next))) {
      text += next;
      at += 2;
    } else if (source.startsWith("```", at)) problem = code("```");
    else if (character === "`") problem = code("`");
    else if (character === "[") {
      open.push({ style: { mark: "[", type: "text_link", name: "a URL" }, offset: text.length, at });
      at += 1;
    } else if (character === "]" && open.some((each) => each.style.mark === "[")) problem = endLink();
    else if (style !== undefined) problem = toggle(style);
    else if (isV2 && character === ">" && (at === 0 || source.charAt(at - 1) === "\n")) at += 1;
    else if (isV2 && RESERVED.has(character)) problem = reserved(character, at);
    else {
      text += character;
      at += 1;
    }
    if (problem !== null) return problem;
  }
  const left = open.at(-1);
  if (left !== undefined) return cannotEnd(left.style.name, left.at);
  return { text, entities: entities.sort((one, other) => one.offset - other.offset) };

  function cannotEnd(name: string, from: number): string {
    return `can't parse entities: Can't find end of ${name} entity at byte offset ${Buffer.byteLength(source.slice(0, from))}`;
  }
}

function reserved(character: string, _at: number): string {
  return `can't parse entities: Character '${character}' is reserved and must be escaped with the preceding '\\'`;
}
