import type { MessageEntity } from "grammy/types";
import { readBlocks } from "../../core/markdown/blocks.ts";
import { type Run, readInline } from "../../core/markdown/inline.ts";

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
    } else
      for (const run of readInline(block.text, { bold: block.kind === "heading" }).runs) push(shown(run));
  }
  const text = runs.map((run) => run.text).join("");
  return { text, entities: [...blocks, ...entitiesOf(runs)].sort((a, b) => a.offset - b.offset) };
}

function preformatted(offset: number, code: string, language: string): MessageEntity {
  const entity = { type: "pre" as const, offset, length: code.length };
  return language === "" ? entity : { ...entity, language };
}

function plain(text: string): Run {
  return { text, bold: false, italic: false, strike: false, code: false, link: null };
}

/**
 * Code takes no other entity beside it (core.telegram.org/bots/api#messageentity). A link is worth more than the look of
 * code, the look of code more than bold.
 */
function shown(run: Run): Run {
  if (!run.code) return run;
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
