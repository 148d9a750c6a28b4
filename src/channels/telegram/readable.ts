import type { Written, WrittenEntity } from "./written.ts";

/** A mark to insert into the text. */
interface Mark {
  at: number;
  text: string;
  /** Order of marks at the same place: closing marks, inner first; then quotes; then opening marks, outer first. */
  order: number;
  isClosing?: true;
}

/** No text of Telegram is longer, so the orders of two kinds never overlap. */
const LONGEST = 100_000;
const closing = (length: number) => length - 2 * LONGEST;
const QUOTE = -LONGEST;
const opening = (length: number) => -length;

/**
 * Converts a text to Markdown for a bot, with everything that Telegram shows only by formatting. That is URLs behind
 * words, code with its language, quotes and struck text. Decoration (bold, italic, underline) and hidden words become
 * plain words.
 */
export function readable({ text, entities }: Written): string {
  const within = entities.filter((entity) => isWithin(entity, text));
  const code = within.filter(({ type }) => type === "code" || type === "pre");
  const marks = within
    .filter((each) => code.includes(each) || !code.some((block) => touches(block, each)))
    .map((entity) => marksOf(entity, text))
    // For two equal stretches, the one that opens first closes last.
    .flatMap((found, index) => found.map((mark) => ({ ...mark, index: mark.isClosing ? -index : index })))
    .sort((a, b) => a.at - b.at || a.order - b.order || a.index - b.index);
  let out = "";
  let from = 0;
  for (const { at, text: mark } of marks) {
    out += text.slice(from, at) + mark;
    from = at;
  }
  return out + text.slice(from);
}

function isWithin({ offset, length }: WrittenEntity, text: string): boolean {
  const isBorder = (at: number) =>
    at === 0 || !/^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(at - 1, at + 1));
  return length > 0 && offset + length <= text.length && isBorder(offset) && isBorder(offset + length);
}

function touches(a: WrittenEntity, b: WrittenEntity): boolean {
  return a.offset < b.offset + b.length && b.offset < a.offset + a.length;
}

function marksOf({ type, offset, length, url, language }: WrittenEntity, text: string): Mark[] {
  const end = offset + length;
  const words = text.slice(offset, end);
  switch (type) {
    case "text_link":
      return url === undefined || isSpelledOut(words, url)
        ? []
        : around(text, offset, end, "[", `](${escaped(url)})`);
    case "strikethrough":
      return around(text, offset, end, "~~", "~~");
    case "code": {
      const ticks = fenceFor(words, 1);
      const space = /^`|`$/.test(words) ? " " : "";
      return around(text, offset, end, ticks + space, space + ticks);
    }
    case "pre": {
      const fence = fenceFor(words, 3);
      const name = /^[\w+#.-]{1,64}$/.test(language ?? "") ? language : "";
      const [before, after] = lineBreaks(text, offset, end);
      return [
        { at: offset, text: `${before}${fence}${name}\n`, order: opening(length) },
        {
          at: end,
          text: `${words.endsWith("\n") ? "" : "\n"}${fence}${after}`,
          order: closing(length),
          isClosing: true,
        },
      ];
    }
    case "blockquote":
    case "expandable_blockquote":
      return quoteMarks(text, offset, end);
    default:
      return [];
  }
}

/**
 * Marks around the words of a stretch, with its white space outside, because Markdown ignores a mark beside a space.
 */
function around(text: string, from: number, to: number, open: string, close: string): Mark[] {
  const words = text.slice(from, to);
  const start = from + words.length - words.trimStart().length;
  const end = to - (words.length - words.trimEnd().length);
  if (start >= end) return [];
  const length = end - start;
  return [
    { at: start, text: open, order: opening(length) },
    { at: end, text: close, order: closing(length), isClosing: true },
  ];
}

/** Each line of a quote begins with its mark. */
function quoteMarks(text: string, start: number, end: number): Mark[] {
  const [before, after] = lineBreaks(text, start, end);
  const lines = [...text.slice(start, end).matchAll(/\n(?=[\s\S])/g)].map(({ index }) => start + index + 1);
  return [
    { at: start, text: `${before}> `, order: QUOTE },
    ...lines.map((at): Mark => ({ at, text: "> ", order: QUOTE })),
    ...(after === ""
      ? []
      : [{ at: end, text: after, order: closing(end - start), isClosing: true as const }]),
  ];
}

/** The missing line breaks around a block that needs its own lines. */
function lineBreaks(text: string, start: number, end: number): [before: string, after: string] {
  const isFirst = start === 0 || text[start - 1] === "\n";
  const isLast = end === text.length || text[end] === "\n" || text[end - 1] === "\n";
  return [isFirst ? "" : "\n", isLast ? "" : "\n"];
}

function fenceFor(code: string, least: number): string {
  const longest = Math.max(0, ...[...code.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  return "`".repeat(Math.max(least, longest + 1));
}

/** Clients also make a link of a URL in plain text. */
function isSpelledOut(words: string, url: string): boolean {
  return words === url || `${words}/` === url;
}

/** Characters that would end the URL in Markdown are percent-encoded. */
function escaped(url: string): string {
  const inCode = (char: string) => ({ "(": "%28", ")": "%29" })[char] ?? encodeURIComponent(char);
  const safe = url.replace(/[\s<>]/g, inCode);
  return isBalanced(safe) ? safe : safe.replace(/[()]/g, inCode);
}

function isBalanced(url: string): boolean {
  let open = 0;
  for (const char of url) {
    if (char === "(") open++;
    if (char === ")" && --open < 0) return false;
  }
  return open === 0;
}
