import type { MessageEntity } from "grammy/types";
import { type Block, readBlocks } from "../../core/text/markdown/blocks.ts";
import { withoutEscapes } from "../../core/text/markdown/escapes.ts";
import { type Run, readInline } from "../../core/text/markdown/inline.ts";
import { columnsOf } from "./table.ts";

/** A text in the form of `sendMessage`: the visible text, and its stretches with a style. */
export interface FormattedText {
  text: string;
  entities: MessageEntity[];
}

/**
 * Converts the Markdown that models write to text and entities. Entities need no escapes, unlike a parse mode, so
 * Telegram refuses no reply because of its formatting.
 * Recognised are bold, italic, strike, code, code blocks, links, tables (shown as code) and headings (shown bold).
 * Everything else stays as written. The text never gets longer.
 */
export function formatMarkdown(source: string): FormattedText {
  const runs: Run[] = [];
  const blocks: MessageEntity[] = [];
  let length = 0;
  const push = (run: Run) => {
    runs.push(run);
    length += run.text.length;
  };
  const pushCode = (code: string, language: string) => {
    blocks.push(preformatted(length, code, language));
    push(plain(code));
  };
  let first = true;
  for (const part of partsOf(source)) {
    if (!first) push(plain("\n"));
    first = false;
    if (part.kind === "code") pushCode(unindented(part), part.language);
    else if (part.kind === "table") {
      const columns = columnsOf(part.rows, part.length);
      if (columns === null) for (const run of rowRuns(part.rows)) push(shown(run));
      else pushCode(columns, "");
    } else for (const run of readInline(part.text, { bold: part.kind === "heading" }).runs) push(shown(run));
  }
  const text = runs.map((run) => run.text).join("");
  return { text, entities: [...blocks, ...entitiesOf(runs)].sort((a, b) => a.offset - b.offset) };
}

type Line = Extract<Block, { kind: "line" | "heading" | "code" }>;

/** A line, a block of code, or a whole table. */
export type MarkdownPart = Line | TablePart;

/** A table, with the length of its lines in the source. */
interface TablePart {
  kind: "table";
  rows: string[][];
  length: number;
}

/** The blocks of a text, with the lines of each table joined. */
export function partsOf(source: string): MarkdownPart[] {
  const parts: MarkdownPart[] = [];
  for (const block of readBlocks(source)) {
    if (block.kind !== "row" && block.kind !== "rule") {
      parts.push(block);
      continue;
    }
    const last = parts.at(-1);
    const isNew = last?.kind !== "table" || (block.kind === "row" && block.isHead);
    if (isNew) parts.push({ kind: "table", rows: [], length: -1 });
    const table = parts.at(-1);
    if (table?.kind !== "table") continue;
    table.length += block.text.length + 1;
    if (block.kind === "row") table.rows.push(block.cells);
  }
  return parts;
}

/** Code below a list item has the indentation of its fence, which is not part of the code. */
export function unindented({ text, indent }: Extract<Block, { kind: "code" }>): string {
  return indent === 0 ? text : text.replace(new RegExp(`^[^\\S\\n]{1,${indent}}`, "gm"), "");
}

/** A table that is too wide: one line for each row, with a bold head. */
function rowRuns(rows: readonly (readonly string[])[]): Run[] {
  return rows.flatMap((cells, index) => [
    ...(index === 0 ? [] : [plain("\n")]),
    ...readInline(cells.join(" | "), { bold: index === 0 }).runs,
  ]);
}

function preformatted(offset: number, code: string, language: string): MessageEntity {
  const entity = { type: "pre" as const, offset, length: code.length };
  return language === "" ? entity : { ...entity, language };
}

function plain(text: string): Run {
  return { text, bold: false, italic: false, strike: false, code: false, link: null };
}

/**
 * Telegram allows no other entity together with code (core.telegram.org/bots/api#messageentity). A link is more
 * important than code style, and code style is more important than bold.
 */
export function shown(run: Run): Run {
  if (!run.code) return run.link?.url === run.text ? run : { ...run, text: withoutEscapes(run.text) };
  return run.link === null ? { ...plain(run.text), code: true } : { ...run, code: false };
}

/** One entity for every unbroken stretch of a style. */
function entitiesOf(runs: readonly Run[]): MessageEntity[] {
  const entities: MessageEntity[] = [];
  for (const type of ["bold", "italic", "code"] as const)
    for (const { offset, length } of stretches(runs, (run) => (run[type] ? type : null)))
      entities.push({ type, offset, length });
  for (const { offset, length } of stretches(runs, (run) => (run.strike ? "strike" : null)))
    entities.push({ type: "strikethrough", offset, length });
  for (const { offset, length, value } of stretches(runs, (run) => run.link))
    entities.push({ type: "text_link", offset, length, url: value.url });
  return entities;
}

interface Stretch<T> {
  offset: number;
  length: number;
  value: T;
}

function stretches<T>(runs: readonly Run[], styleOf: (run: Run) => T | null): Stretch<T>[] {
  const found: Stretch<T>[] = [];
  let offset = 0;
  for (const run of runs) {
    const value = styleOf(run);
    const last = found.at(-1);
    const continues = last !== undefined && last.value === value && last.offset + last.length === offset;
    if (continues) last.length += run.text.length;
    else if (value !== null) found.push({ offset, length: run.text.length, value });
    offset += run.text.length;
  }
  return found;
}
