import type { MessageEntity } from "grammy/types";
import { type Run, readInline, type Span } from "./markdown-inline.ts";

/** A text as `sendMessage` takes it: what is read, and which stretches of it look different. */
export interface FormattedText {
  text: string;
  entities: MessageEntity[];
}

/**
 * The Markdown that models write, as text and entities. Entities rather than a parse mode: nothing has to be
 * escaped, so no reply can be refused for its formatting. Bold, italic, strike, code, code blocks, links and
 * headings (shown bold) are recognised; everything else stays as written. The text never gets longer.
 */
export function formatMarkdown(source: string): FormattedText {
  const runs: Run[] = [];
  const blocks: MessageEntity[] = [];
  let length = 0;
  const push = (run: Run) => {
    runs.push(run);
    length += run.text.length;
  };
  let first = true;
  for (const block of readBlocks(source)) {
    if (!first) push(plain("\n"));
    first = false;
    if (block.kind === "code") {
      blocks.push(preformatted(length, block.text, block.language));
      push(plain(block.text));
    } else for (const run of readInline(block.text, { bold: block.kind === "heading" }).runs) push(run);
  }
  const text = runs.map((run) => run.text).join("");
  return { text, entities: [...blocks, ...entitiesOf(runs)].sort((a, b) => a.offset - b.offset) };
}

/** Where formatting stands within lines, so that a long reply is not cut through it. */
export function formattedSpans(source: string): Span[] {
  return [...readBlocks(source)].flatMap((block) =>
    block.kind === "code"
      ? []
      : readInline(block.text).spans.map(([start, end]): Span => [block.offset + start, block.offset + end]),
  );
}

type Block =
  | { kind: "line" | "heading"; text: string; offset: number }
  | { kind: "code"; text: string; language: string; offset: number };

/** The lines of a text, with code blocks taken together. */
function* readBlocks(source: string): Generator<Block> {
  const lines = source.split("\n");
  let offset = 0;
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? "";
    const [, marker = "", info = ""] = /^[^\S\n]{0,3}(`{3,}|~{3,})([^\n]*)$/.exec(line) ?? [];
    // Telegram has room for the name of a language, nothing else that may stand on this line.
    const opens = marker !== "" && /^[\w+#.-]{0,64}$/.test(info.trim());
    const end = opens ? closingLine(lines, index, marker) : -1;
    if (end > index + 1) {
      const code = lines.slice(index + 1, end).join("\n");
      if (code.trim() !== "") {
        yield { kind: "code", text: code, language: info.trim(), offset };
        offset += lines.slice(index, end + 1).reduce((sum, each) => sum + each.length + 1, 0);
        index = end;
        continue;
      }
    }
    const [heading = ""] = /^#{1,6}[^\S\n]+(?=\S)/.exec(line) ?? [];
    yield heading === ""
      ? { kind: "line", text: line, offset }
      : { kind: "heading", text: line.slice(heading.length), offset: offset + heading.length };
    offset += line.length + 1;
  }
}

/** The line that ends a code block; the line after the last where the block was never closed. */
function closingLine(lines: readonly string[], opening: number, marker: string): number {
  for (let index = opening + 1; index < lines.length; index++) {
    const line = (lines[index] ?? "").trim();
    if (line.startsWith(marker) && line.replaceAll(marker.charAt(0), "") === "") return index;
  }
  return lines.length;
}

function preformatted(offset: number, code: string, language: string): MessageEntity {
  const entity = { type: "pre" as const, offset, length: code.length };
  return language === "" ? entity : { ...entity, language };
}

function plain(text: string): Run {
  return { text, bold: false, italic: false, strike: false, code: false, url: null };
}

/** One entity for every unbroken stretch of a style. */
function entitiesOf(runs: readonly Run[]): MessageEntity[] {
  const entities: MessageEntity[] = [];
  for (const type of ["bold", "italic", "code"] as const)
    for (const { offset, length } of stretches(runs, (run) => (run[type] ? type : null)))
      entities.push({ type, offset, length });
  for (const { offset, length } of stretches(runs, (run) => (run.strike ? "strike" : null)))
    entities.push({ type: "strikethrough", offset, length });
  for (const { offset, length, value } of stretches(runs, (run) => run.url))
    entities.push({ type: "text_link", offset, length, url: value });
  return entities;
}

interface Stretch {
  offset: number;
  length: number;
  value: string;
}

function stretches(runs: readonly Run[], styleOf: (run: Run) => string | null): Stretch[] {
  const found: Stretch[] = [];
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
