import { readInline } from "../../core/text/markdown/inline.ts";
import { shown } from "./markdown.ts";
import { type RichBlock, richText } from "./rich-text.ts";

/** A line that is an item of a list. */
export interface ListLine {
  indent: number;
  /** Null: the item has a bullet. */
  number: number | null;
  /** Null: the item has no box to tick. */
  isTicked: boolean | null;
  text: string;
}

/** Deeper items stand beside those of this level. A rich message has at most 16 levels of blocks. */
const DEEPEST = 6;

/** Null: the line is no item of a list. */
export function readListLine(line: string): ListLine | null {
  const [, indent, mark, words] = /^(\s*)([-*+]|\d{1,9}[.)])\s+(\S.*)$/.exec(line) ?? [];
  if (indent === undefined || mark === undefined || words === undefined) return null;
  const [, box, rest] = /^\[([ xX])\]\s+(\S.*)$/.exec(words) ?? [];
  return {
    indent: indent.replaceAll("\t", "    ").length,
    number: /^\d/.test(mark) ? Number.parseInt(mark, 10) : null,
    isTicked: box === undefined ? null : box !== " ",
    text: rest ?? words,
  };
}

/** Lines that follow each other as one list. Lines that are indented more belong to the item before them. */
export function richList(lines: readonly ListLine[], depth = 1): Extract<RichBlock, { type: "list" }> {
  const base = Math.min(...lines.map(({ indent }) => indent));
  const groups: [ListLine, ...ListLine[]][] = [];
  for (const line of lines) {
    const last = groups.at(-1);
    if (last === undefined || line.indent <= base + 1 || depth >= DEEPEST) groups.push([line]);
    else last.push(line);
  }
  return { type: "list", items: groups.map((group) => itemOf(group, depth)) };
}

function itemOf([{ number, isTicked, text }, ...below]: [ListLine, ...ListLine[]], depth: number) {
  const own: RichBlock = { type: "paragraph", text: richText(readInline(text).runs.map(shown)) };
  return {
    blocks: below.length === 0 ? [own] : [own, richList(below, depth + 1)],
    ...(isTicked === null ? {} : { has_checkbox: true as const }),
    ...(isTicked ? { is_checked: true as const } : {}),
    ...(number === null ? {} : { value: number, type: "1" as const }),
  };
}
