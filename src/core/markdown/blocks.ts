import { readInline, type Span } from "./inline.ts";

/** A piece of a text that stands on lines of its own. `offset` is where its `text` begins in the source. */
export type Block =
  | { kind: "line"; text: string; offset: number }
  /** Without the marks before it. */
  | { kind: "heading"; text: string; offset: number }
  | { kind: "code"; text: string; language: string; offset: number }
  /** A line of a table: as it is written, and what stands in its cells. */
  | { kind: "row"; text: string; cells: string[]; isHead: boolean; offset: number }
  /** The line below a table's head. */
  | { kind: "rule"; text: string; offset: number };

/** What sets code apart: three or more of a mark, and room for the name of a language. */
const FENCE = /^[^\S\n]{0,3}(`{3,}|~{3,})([^\n]*)$/;

/** The lines of a text, with code blocks taken together. What is nothing of all this is a line. */
export function* readBlocks(source: string): Generator<Block> {
  const lines = source.split("\n");
  let offset = 0;
  let isTable = false;
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? "";
    const [, marker = "", info = ""] = FENCE.exec(line) ?? [];
    // There is room for the name of a language, nothing else that may stand on this line.
    const opens = marker !== "" && /^[\w+#.-]{0,64}$/.test(info.trim());
    const end = opens ? closingLine(lines, index, marker) : -1;
    if (end > index + 1) {
      const code = lines.slice(index + 1, end).join("\n");
      if (code.trim() !== "") {
        yield { kind: "code", text: code, language: info.trim(), offset };
        offset += lines.slice(index, end + 1).reduce((sum, each) => sum + each.length + 1, 0);
        index = end;
        isTable = false;
        continue;
      }
    }
    const isHead: boolean = !isTable && isTableHead(line, lines[index + 1]);
    isTable = isHead || (isTable && line.includes("|"));
    if (isTable && !isHead && isTableRule(line)) yield { kind: "rule", text: line, offset };
    else if (isTable) yield { kind: "row", text: line, cells: cellsOf(line), isHead, offset };
    else yield readLine(line, offset);
    offset += line.length + 1;
  }
}

function readLine(line: string, offset: number): Block {
  const [heading = ""] = /^#{1,6}[^\S\n]+(?=\S)/.exec(line) ?? [];
  return heading === ""
    ? { kind: "line", text: line, offset }
    : { kind: "heading", text: line.slice(heading.length), offset: offset + heading.length };
}

/** The line that ends a code block; the line after the last where the block was never closed. */
function closingLine(lines: readonly string[], opening: number, marker: string): number {
  for (let index = opening + 1; index < lines.length; index++) {
    const line = (lines[index] ?? "").trim();
    if (line.startsWith(marker) && line.replaceAll(marker.charAt(0), "") === "") return index;
  }
  return lines.length;
}

function isTableHead(line: string, next = ""): boolean {
  return line.includes("|") && isTableRule(next) && cellsOf(line).length === cellsOf(next).length;
}

function isTableRule(line: string): boolean {
  return line.includes("|") && cellsOf(line).every((cell) => /^:?-+:?$/.test(cell));
}

function cellsOf(line: string): string[] {
  const inner = line.trim().replace(/^\|/, "").replace(/\|$/, "");
  return inner.split("|").map((cell) => cell.trim());
}

/** Where formatting stands within lines, so that a long reply is not cut through it. */
export function formattedSpans(source: string): Span[] {
  return [...readBlocks(source)].flatMap((block) =>
    block.kind === "code"
      ? []
      : readInline(block.text).spans.map(([start, end]): Span => [block.offset + start, block.offset + end]),
  );
}
