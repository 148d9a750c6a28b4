import { Lexer, type Token } from "marked";

/** A top-level block of a formatted text. Blocks with equal `raw` are equal. */
export interface Block {
  raw: string;
  token: Token;
}

/** A longer text is not searched for formatting, because hostile text could keep the page busy. */
const LONGEST_FORMATTED = 10_000;
/** A line with fifty lists and quotes inside each other. The reader needs seconds for thousands of them. */
const NESTED_TOO_DEEP = /^( *(>|([-+*]|\d+[.)])\s)){50}/m;
/**
 * Number of last blocks that may still change when text is added. A list continues after blank lines, so one is not
 * enough.
 */
const UNSETTLED = 2;

/**
 * Reads Markdown (CommonMark, with GitHub's tables, strike-through and bare links). Unreadable text becomes plain text.
 */
export function readBlocks(text: string): Block[] {
  const plain: Block[] = [{ raw: text, token: { type: "text", raw: text, text } }];
  if (NESTED_TOO_DEEP.test(text)) return plain;
  try {
    const lexer = new Lexer({ gfm: true, breaks: true });
    const tokens = lexer.blockTokens(text.replace(/\r\n?/g, "\n"), lexer.tokens);
    for (const { src, tokens: inline } of lexer.inlineQueue.splice(0)) {
      if (src.length <= LONGEST_FORMATTED) lexer.inlineTokens(src, inline);
      else inline.push({ type: "text", raw: src, text: src });
    }
    return tokens.filter(({ type }) => type !== "space").map((token) => ({ raw: token.raw, token }));
  } catch {
    return plain;
  }
}

/**
 * Reads a growing text and parses only its end again. Settled blocks stay the same objects. Reference links defined
 * later work only when the whole text is read.
 */
export function createGrowingReader(): (text: string) => readonly Block[] {
  let known: { text: string; settled: Block[]; settledLength: number; blocks: Block[] } = {
    text: "",
    settled: [],
    settledLength: 0,
    blocks: [],
  };
  return (text) => {
    if (text === known.text) return known.blocks;
    const grows = text.startsWith(known.text);
    const settled = grows ? known.settled : [];
    const settledLength = grows ? known.settledLength : 0;
    const fresh = readBlocks(text.slice(settledLength));
    const tail = grows ? keep(fresh, known.blocks.slice(settled.length)) : fresh;
    known = { text, settled, settledLength, blocks: [...settled, ...tail] };
    settle(known);
    return known.blocks;
  };
}

/** Moves the boundary after all blocks except the last ones. */
function settle(known: { text: string; settled: Block[]; settledLength: number; blocks: Block[] }): void {
  for (const block of known.blocks.slice(known.settled.length, -UNSETTLED)) {
    const at = known.text.indexOf(block.raw, known.settledLength);
    // Text with other line ends than the reader's stays unsettled.
    if (at < 0) return;
    known.settledLength = at + block.raw.length;
    known.settled = [...known.settled, block];
  }
}

function keep(fresh: readonly Block[], before: readonly Block[]): Block[] {
  return fresh.map((block, index) => {
    const known = before[index];
    return known?.raw === block.raw ? known : block;
  });
}
