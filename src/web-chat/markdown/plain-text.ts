import type { Token, Tokens } from "marked";
import { readBlocks } from "./blocks.ts";
import { decodeEntities } from "./entities.ts";

/** The words of a formatted text without its marks, for screen readers. */
export function plainText(text: string): string {
  return readBlocks(text)
    .map(({ token }) => wordsOf(token as Tokens.Generic))
    .join(" ")
    .trim();
}

function wordsOf(token: Tokens.Generic): string {
  if (token.type === "table") {
    const { header, rows } = token as Tokens.Table;
    return [header, ...rows].map((row) => row.map((cell) => all(cell.tokens)).join(", ")).join(". ");
  }
  if (token.type === "list") {
    return (token as Tokens.List).items.map((item) => all(item.tokens)).join(". ");
  }
  if (token.tokens) return all(token.tokens);
  if (token.type === "br") return " ";
  // The text after the marks of a fence is not always a language name.
  if (token.type === "code") return [token["lang"], token.text].filter((words) => words).join(" ");
  return decodeEntities(token.text ?? "");
}

const all = (tokens: readonly Token[]): string =>
  tokens.map((token) => wordsOf(token as Tokens.Generic)).join("");
