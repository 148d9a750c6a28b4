/** A stretch of formatted text within a line. */
export type Inline =
  | { type: "text"; text: string }
  | { type: "code"; text: string }
  | { type: "strong" | "emphasis" | "deleted"; content: Inline[] }
  | { type: "link"; url: string; content: Inline[] };

const URL_IN_TEXT = /https?:\/\/[^\s<>"'`]+/y;
const LINK_TARGET = /\(\s*<?([^\s()<>]+(?:\([^\s()<>]*\)[^\s()<>]*)*)>?(?:\s+"[^"]*")?\s*\)/y;
const SPANS = [
  { marker: "**", type: "strong" },
  { marker: "__", type: "strong" },
  { marker: "~~", type: "deleted" },
  { marker: "*", type: "emphasis" },
  { marker: "_", type: "emphasis" },
] as const;
const PUNCTUATION = /[!-/:-@[-`{-~]/;
const WORD = /[\p{L}\p{N}]/u;
const MAX_DEPTH = 8;

interface Found {
  inline: Inline;
  end: number;
}

/** Reads bold, italic, struck-through text, code and links. What is not closed stays as it was typed. */
export function parseInline(text: string, depth = 0): Inline[] {
  const found: Inline[] = [];
  // A closing mark that is missing once is missing for all that follow: looking again would take forever.
  const missing = new Set<string>();
  let plain = "";
  let at = 0;
  const push = (inline: Inline) => {
    if (plain !== "") found.push({ type: "text", text: plain });
    plain = "";
    found.push(inline);
  };
  while (at < text.length) {
    const character = text[at] ?? "";
    if (character === "\\" && PUNCTUATION.test(text[at + 1] ?? "")) {
      plain += text[at + 1];
      at += 2;
      continue;
    }
    const special = depth < MAX_DEPTH ? readSpecial(text, at, depth, missing) : null;
    if (special) {
      push(special.inline);
      at = special.end;
    } else {
      plain += character;
      at += 1;
    }
  }
  if (plain !== "") found.push({ type: "text", text: plain });
  return found;
}

function readSpecial(text: string, at: number, depth: number, missing: Set<string>): Found | null {
  switch (text[at]) {
    case "`":
      return readCode(text, at, missing);
    case "!":
      // A picture would be fetched from wherever the text says: it is shown as the link it is.
      return text[at + 1] === "[" ? readLink(text, at + 1, depth, missing) : null;
    case "[":
      return readLink(text, at, depth, missing);
    case "h":
      return readUrl(text, at);
    case "*":
    case "_":
    case "~":
      return readSpan(text, at, depth, missing);
    default:
      return null;
  }
}

function readCode(text: string, at: number, missing: Set<string>): Found {
  const marks = /`+/y;
  marks.lastIndex = at;
  const marker = marks.exec(text)?.[0] ?? "`";
  // A run of backticks is closed by one as long, or else is only itself.
  const asTyped: Found = { inline: { type: "text", text: marker }, end: at + marker.length };
  if (missing.has(marker)) return asTyped;
  let close = text.indexOf(marker, at + marker.length);
  while (close >= 0 && (text[close + marker.length] === "`" || text[close - 1] === "`")) {
    close = text.indexOf(marker, close + 1);
  }
  if (close < 0) {
    missing.add(marker);
    return asTyped;
  }
  const inside = text.slice(at + marker.length, close).replaceAll("\n", " ");
  const isPadded = inside.startsWith(" ") && inside.endsWith(" ") && inside.trim() !== "";
  const trimmed = isPadded ? inside.slice(1, -1) : inside;
  return { inline: { type: "code", text: trimmed }, end: close + marker.length };
}

function readLink(text: string, at: number, depth: number, missing: Set<string>): Found | null {
  if (missing.has("](")) return null;
  const close = text.indexOf("](", at);
  if (close < 0) {
    missing.add("](");
    return null;
  }
  if (text.slice(at + 1, close).includes("[")) return null;
  LINK_TARGET.lastIndex = close + 1;
  const target = LINK_TARGET.exec(text);
  const url = target && safeUrl(target[1] ?? "");
  if (!target || !url) return null;
  const label = parseInline(text.slice(at + 1, close), depth + 1).filter((inline) => inline.type !== "link");
  const content = label.length > 0 ? label : [{ type: "text" as const, text: url }];
  return { inline: { type: "link", url, content }, end: close + 1 + target[0].length };
}

function readUrl(text: string, at: number): Found | null {
  if (at > 0 && WORD.test(text[at - 1] ?? "")) return null;
  URL_IN_TEXT.lastIndex = at;
  const match = URL_IN_TEXT.exec(text)?.[0];
  const written = match === undefined ? "" : withoutEnding(match);
  const url = safeUrl(written);
  if (!url) return null;
  return {
    inline: { type: "link", url, content: [{ type: "text", text: written }] },
    end: at + written.length,
  };
}

/** What usually ends a sentence, or the brackets around it, is not part of an address. */
function withoutEnding(address: string): string {
  const isOpen = address.includes("(");
  let end = address.length;
  while (".,:;!?*_~]".includes(address[end - 1] ?? " ") || (address[end - 1] === ")" && !isOpen)) end -= 1;
  return address.slice(0, end);
}

function readSpan(text: string, at: number, depth: number, missing: Set<string>): Found | null {
  const span = SPANS.find(({ marker }) => text.startsWith(marker, at));
  if (!span || missing.has(span.marker)) return null;
  const { marker, type } = span;
  const inWord = marker.startsWith("_") && WORD.test(text[at - 1] ?? "");
  if (inWord || /\s|^$/.test(text[at + marker.length] ?? "")) return null;
  let close = text.indexOf(marker, at + marker.length + 1);
  while (close >= 0 && !closes(text, close, marker)) close = text.indexOf(marker, close + marker.length);
  if (close < 0) {
    missing.add(marker);
    return null;
  }
  const content = parseInline(text.slice(at + marker.length, close), depth + 1);
  return { inline: { type, content }, end: close + marker.length };
}

function closes(text: string, at: number, marker: string): boolean {
  if (/\s/.test(text[at - 1] ?? "")) return false;
  const after = text[at + marker.length] ?? "";
  if (marker.length === 1 && after === marker) return false;
  return !(marker.startsWith("_") && WORD.test(after));
}

/** The address if following it is harmless, else null: no scripts, no files, nothing relative to this page. */
export function safeUrl(written: string): string | null {
  if (!/^(https?:\/\/|mailto:)/i.test(written) || !URL.canParse(written)) return null;
  const url = new URL(written);
  return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : null;
}
