/** Counts the tokens of a text for a model. The count is never more than a few percent too low. */
export type TokenCounter = (text: string) => number;

/** Tokens for the role and the separators of a message, as OpenAI documents them. Other models need no more. */
export const TOKENS_PER_MESSAGE = 4;

/**
 * Maximum length of a piece for one call of the tokenizer. Its time is quadratic in a run without spaces. Forty
 * thousand Chinese characters take seven seconds as a whole and a few milliseconds in pieces. Cutting can only add
 * tokens.
 */
const PIECE_LENGTH = 128;

/**
 * A counter for a model. It is exact for OpenAI's models. The tokenizers of other models are not public, or too many to
 * ship. For those it uses OpenAI's count with a margin that covers the poorest common vocabulary.
 * It loads a vocabulary (some 70 MB of memory) on first use. So processes whose bots need none save that memory.
 */
export function loadTokenCounter(model: string | undefined): Promise<TokenCounter> {
  const name = model?.split("/").at(-1) ?? "";
  const known = counters.get(name);
  if (known) return known;
  const loading = counterFor(name);
  counters.set(name, loading);
  return loading;
}

/** Counters by model. The number of configured models limits its size. */
const counters = new Map<string, Promise<TokenCounter>>();

async function counterFor(name: string): Promise<TokenCounter> {
  if (/^gpt-(3\.5|4($|-(?!o)))/.test(name)) return inPieces(await loadEncoding("cl100k_base"));
  const count = inPieces(await loadEncoding("o200k_base"));
  return /^(gpt-|chatgpt-|o\d)/.test(name) ? count : withMargin(count);
}

async function loadEncoding(name: "cl100k_base" | "o200k_base"): Promise<TokenCounter> {
  const encoding =
    name === "o200k_base"
      ? await import("gpt-tokenizer/encoding/o200k_base")
      : await import("gpt-tokenizer/encoding/cl100k_base");
  // Users may write `<
  // endoftext
  // >`, and by default the tokenizer throws an error for it.
  return (text) => encoding.countTokens(text, { disallowedSpecial: new Set() });
}

/** Counts long texts in pieces. It cuts before a space if possible, because tokens begin there anyway. */
function inPieces(count: TokenCounter): TokenCounter {
  return (text) => {
    let tokens = 0;
    let start = 0;
    while (text.length - start > PIECE_LENGTH) {
      const end = pieceEnd(text, start);
      tokens += count(text.slice(start, end));
      start = end;
    }
    return tokens + count(text.slice(start));
  };
}

function pieceEnd(text: string, start: number): number {
  const limit = start + PIECE_LENGTH;
  const space = text.lastIndexOf(" ", limit);
  if (space > start + PIECE_LENGTH / 2) return space;
  const splitsPair = /[\uD800-\uDBFF]/.test(text.charAt(limit - 1));
  return splitsPair ? limit - 1 : limit;
}

/** Small vocabularies need a third more tokens for Latin script, and at least one per character for other scripts. */
function withMargin(count: TokenCounter): TokenCounter {
  return (text) => {
    const otherScripts = text.match(/[\u0250-\u{10FFFF}]/gu)?.length ?? 0;
    return Math.min(Math.ceil(count(text) * 1.35) + otherScripts, Buffer.byteLength(text));
  };
}
