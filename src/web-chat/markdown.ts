import { type Inline, parseInline } from "./markdown-inline.ts";

/** A piece of a formatted text. `source` is what it was written as: equal source, equal block. */
export type Block = { source: string } & (
  | { type: "paragraph"; content: Inline[] }
  | { type: "heading"; level: number; content: Inline[] }
  | { type: "code"; language: string; text: string }
  | { type: "quote"; blocks: Block[] }
  | { type: "list"; ordered: boolean; start: number; items: Block[][] }
  | { type: "rule" }
);

// None of these can take longer than the line is long: what follows a part that may vary never starts like it.
const FENCE = /^ {0,3}(`{3,}|~{3,})([^`]*)$/;
const HEADING = /^ {0,3}(#{1,6})(?=\s)(.*)$/;
const RULE = /^ {0,3}([-*_])(?: *\1){2,} *$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])(?: +|$)/;
const MAX_DEPTH = 6;

/**
 * Reads the common subset of Markdown that bots write. Anything else, HTML above all, stays the text it is. Works on
 * unfinished text too: an open code block is a code block.
 */
export function parseMarkdown(text: string, depth = 0): Block[] {
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    if ((lines[at] ?? "").trim() === "") {
      at += 1;
      continue;
    }
    const [block, end] = readBlock(lines, at, depth);
    blocks.push({ ...block, source: lines.slice(at, end).join("\n") });
    at = end;
  }
  return blocks;
}

type Unsourced<B> = B extends Block ? Omit<B, "source"> : never;
type Read = [block: Unsourced<Block>, end: number];

function readBlock(lines: readonly string[], at: number, depth: number): Read {
  const line = lines[at] ?? "";
  const fence = FENCE.exec(line);
  if (fence) return readCode(lines, at, fence);
  const heading = HEADING.exec(line);
  if (heading) {
    const content = parseInline(withoutClosing(heading[2] ?? ""));
    return [{ type: "heading", level: heading[1]?.length ?? 1, content }, at + 1];
  }
  if (RULE.test(line)) return [{ type: "rule" }, at + 1];
  if (QUOTE.test(line) && depth < MAX_DEPTH) {
    const end = endOf(lines, at, (next) => QUOTE.test(next));
    const inside = lines.slice(at, end).map((quoted) => quoted.replace(QUOTE, ""));
    return [{ type: "quote", blocks: parseMarkdown(inside.join("\n"), depth + 1) }, end];
  }
  if (ITEM.test(line) && depth < MAX_DEPTH) return readList(lines, at, depth);
  const end = endOf(lines, at, (next) => next.trim() !== "" && !startsBlock(next));
  return [{ type: "paragraph", content: parseInline(lines.slice(at, end).join("\n").trim()) }, end];
}

const startsBlock = (line: string) =>
  FENCE.test(line) || HEADING.test(line) || RULE.test(line) || QUOTE.test(line) || ITEM.test(line);

/** The first line from `at + 1` on that does not belong any more. */
function endOf(lines: readonly string[], at: number, belongs: (line: string) => boolean): number {
  let end = at + 1;
  while (end < lines.length && belongs(lines[end] ?? "")) end += 1;
  return end;
}

/** `## Title ##` is `Title`. */
function withoutClosing(written: string): string {
  const words = written.trim();
  let end = words.length;
  while (words[end - 1] === "#") end -= 1;
  return end === 0 || words[end - 1] === " " ? words.slice(0, end).trimEnd() : words;
}

function readCode(lines: readonly string[], at: number, [, marker = "", info = ""]: RegExpExecArray): Read {
  const language = info.trim();
  const isClosing = (line: string) => {
    const trimmed = line.trim();
    return trimmed.startsWith(marker) && trimmed.replaceAll(marker[0] ?? "", "") === "";
  };
  const end = endOf(lines, at, (line) => !isClosing(line));
  return [
    { type: "code", language, text: lines.slice(at + 1, end).join("\n") },
    Math.min(end + 1, lines.length),
  ];
}

function readList(lines: readonly string[], from: number, depth: number): Read {
  const marker = ITEM.exec(lines[from] ?? "")?.[2] ?? "-";
  const ordered = /\d/.test(marker);
  const isItem = (line: string) => {
    const other = ITEM.exec(line)?.[2];
    return other !== undefined && !RULE.test(line) && /\d/.test(other) === ordered;
  };
  const items: Block[][] = [];
  let at = from;
  while (at < lines.length && isItem(lines[at] ?? "")) {
    const first = lines[at] ?? "";
    const indent = (ITEM.exec(first)?.[0] ?? "").length;
    const end = endOfItem(lines, at);
    const inside = [first.slice(indent), ...lines.slice(at + 1, end).map((line) => outdent(line, indent))];
    items.push(parseMarkdown(inside.join("\n"), depth + 1));
    at = end;
    // Blank lines between items do not end the list.
    const next = endOf(lines, at - 1, (line) => line.trim() === "");
    if (isItem(lines[next] ?? "")) at = next;
  }
  return [{ type: "list", ordered, start: ordered ? Number.parseInt(marker, 10) : 1, items }, at];
}

/** An item goes on with indented lines, and with text directly below it. */
function endOfItem(lines: readonly string[], at: number): number {
  let end = at + 1;
  for (; end < lines.length; end += 1) {
    const line = lines[end] ?? "";
    if (line.trim() === "") {
      if (!/^ {2,}\S/.test(lines[end + 1] ?? "")) return end;
    } else if (!/^ {2,}/.test(line) && (startsBlock(line) || lines[end - 1]?.trim() === "")) return end;
  }
  return end;
}

function outdent(line: string, most: number): string {
  const spaces = /^ */.exec(line)?.[0].length ?? 0;
  return line.slice(Math.min(spaces, most));
}
