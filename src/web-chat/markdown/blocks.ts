import { Lexer, type Token } from "marked";

/** A top-level piece of a formatted text. Equal `raw`, equal block. */
export interface Block {
  raw: string;
  token: Token;
}

/** Beyond this, a stretch of text is not searched for formatting: hostile text could keep the page busy. */
const LONGEST_FORMATTED = 10_000;
/** What may still change when text is added: a list goes on behind blank lines, so the last block alone is not enough. */
const UNSETTLED = 2;

/** Reads Markdown (CommonMark and GitHub's tables, strike-through and bare links). Anything unreadable is plain text. */
export function readBlocks(text: string): Block[] {
  try {
    const lexer = new Lexer({ gfm: true, breaks: true });
    const tokens = lexer.blockTokens(text.replace(/\r\n?/g, "\n"), lexer.tokens);
    for (const { src, tokens: inline } of lexer.inlineQueue.splice(0)) {
      if (src.length <= LONGEST_FORMATTED) lexer.inlineTokens(src, inline);
      else inline.push({ type: "text", raw: src, text: src });
    }
    return tokens.filter(({ type }) => type !== "space").map((token) => ({ raw: token.raw, token }));
  } catch {
    return [{ raw: text, token: { type: "text", raw: text, text } }];
  }
}

/**
 * Reads a text that grows: only its end is read again. Settled blocks stay the very objects they were.
 * Reference links that are defined further down take effect when the text is read as a whole.
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

/** Moves the boundary behind all blocks but the last ones. */
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
