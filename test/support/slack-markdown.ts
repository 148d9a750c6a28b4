import { marked, type Token } from "marked";

/** Markdown as people read it, with its code separated. */
interface Reading {
  text: string;
  /** The source text without its code. */
  prose: string;
}

/** Reads Markdown with an external parser. Code stays unchanged; elsewhere entities and backslashes are decoded. */
export function readMarkdown(markdown: string): Reading {
  let text = "";
  let prose = "";
  let at = 0;
  for (const [start, end] of codeOf(markdown)) {
    const before = markdown.slice(at, start);
    text += undone(before) + markdown.slice(start, end);
    prose += `${before} `;
    at = end;
  }
  return { text: text + undone(markdown.slice(at)), prose: prose + markdown.slice(at) };
}

/** The mentions in a text that would notify people. */
export function pingsIn(given: string): string[] {
  return [...given.matchAll(/<[@!#][^>]+>|(?<![\w/])@(?:here|channel|everyone)\b/g)].map(([ping]) => ping);
}

function undone(prose: string): string {
  return prose
    .replace(/\\([\\`*_{}[\]()#+.!|<>@~-])/g, "$1")
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}

/** The positions of code, line by line, because each line of a quote or a list begins with marks. */
function codeOf(markdown: string): [start: number, end: number][] {
  const found: [number, number][] = [];
  let at = 0;
  const visit = (tokens: readonly Token[]) => {
    for (const token of tokens) {
      if (token.type === "code" || token.type === "codespan") {
        for (const line of token.raw.split("\n")) {
          const start = line.trim() === "" ? -1 : markdown.indexOf(line.trim(), at);
          if (start === -1) continue;
          at = start + line.trim().length;
          found.push([start, at]);
        }
      } else if (token.type === "table") {
        const cells: { tokens: Token[] }[] = [...token["header"], ...token["rows"].flat()];
        for (const cell of cells) visit(cell.tokens);
      } else if (token.type === "list") visit(token["items"]);
      else if ("tokens" in token && token.tokens) visit(token.tokens);
      else {
        const start = markdown.indexOf(token.raw, at);
        if (start !== -1) at = start + token.raw.length;
      }
    }
  };
  visit(marked.lexer(markdown));
  return found;
}
