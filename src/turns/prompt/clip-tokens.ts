import type { TokenCounter } from "./count-tokens.ts";

/** The beginning of a text that costs at most `maxTokens`, with an ellipsis if something was cut off. */
export function clipToTokens(text: string, maxTokens: number, count: TokenCounter): string {
  if (count(text) <= maxTokens) return text;
  let [fits, tooLong] = [0, text.length];
  while (tooLong - fits > 1) {
    const middle = Math.floor((fits + tooLong) / 2);
    if (count(`${text.slice(0, middle)}…`) <= maxTokens) fits = middle;
    else tooLong = middle;
  }
  // Half of a surrogate pair is removed.
  return `${text.slice(0, fits).replace(/[\uD800-\uDBFF]$/, "")}…`;
}
