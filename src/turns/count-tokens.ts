/** How many tokens a text costs a model; never less than it really does by more than a few percent. */
export type TokenCounter = (text: string) => number;

/** Role and separators around a message, as OpenAI documents them; others need no more. */
export const TOKENS_PER_MESSAGE = 4;

/**
 * The longest piece given to the tokenizer at once. Its time is quadratic in a run without spaces: forty thousand
 * Chinese characters cost seven seconds whole and a few milliseconds in pieces. Cutting may only add tokens.
 */
const PIECE_LENGTH = 128;

/**
 * A counter for a model. Exact for OpenAI's models; for others, whose tokenizers are not public or too many to ship,
 * OpenAI's count with a margin that covers the poorest common vocabulary. Loads a vocabulary (some 70 MB of memory)
 * on first use, so processes whose bots do not need one never pay.
 */
export function loadTokenCounter(model: string | undefined): Promise<TokenCounter> {
  const name = model?.split("/").at(-1) ?? "";
  const known = counters.get(name);
  if (known) return known;
  const loading = counterFor(name);
  counters.set(name, loading);
  return loading;
}

/** By model: as many as are configured. */
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
  // Users may write `<|endoftext|>`: by default the tokenizer throws at it.
  return (text) => encoding.countTokens(text, { disallowedSpecial: new Set() });
}

/** Counts long texts piecewise, cut before a space where there is one, as tokens begin there anyway. */
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

/** Small vocabularies spend a third more on Latin script and at least one token per character on other scripts. */
function withMargin(count: TokenCounter): TokenCounter {
  return (text) => {
    const otherScripts = text.match(/[\u0250-\u{10FFFF}]/gu)?.length ?? 0;
    return Math.min(Math.ceil(count(text) * 1.35) + otherScripts, Buffer.byteLength(text));
  };
}
