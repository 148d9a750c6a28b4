import { readInline, type Span } from "./inline.ts";

/** A piece of a text that has lines of its own. `offset` is the place in the source where its `text` begins. */
export type Block =
  | { kind: "line"; text: string; offset: number }
  /** Without the leading marks. */
  | { kind: "heading"; text: string; offset: number }
  /** `indent`: the indentation of the opening fence, which each line of the code shares. */
  | { kind: "code"; text: string; language: string; indent: number; offset: number }
  /** One line of a table: its source text, and the contents of its cells. */
  | { kind: "row"; text: string; cells: string[]; isHead: boolean; offset: number }
  /** The line below a table's head. */
  | { kind: "rule"; text: string; offset: number };

/**
 * A code fence: three or more of a mark, then an optional language name. Any indentation is allowed, because code below
 * a list item is indented.
 */
const FENCE = /^([^\S\n]*)(`{3,}|~{3,})([^\n]*)$/;

/** The blocks of a text, with each code block as one. Any other line is a `line`. */
export function* readBlocks(source: string): Generator<Block> {
  const lines = source.split("\n");
  let offset = 0;
  let isTable = false;
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? "";
    const [, indent = "", marker = "", info = ""] = FENCE.exec(line) ?? [];
    // After the mark, only the name of a language may follow on this line.
    const opens = marker !== "" && /^[\w+#.-]{0,64}$/.test(info.trim());
    const end = opens ? closingLine(lines, index, marker) : -1;
    if (end > index + 1) {
      const code = lines.slice(index + 1, end).join("\n");
      if (code.trim() !== "") {
        yield { kind: "code", text: code, language: info.trim(), indent: indent.length, offset };
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

/** The line that ends a code block. For an unclosed block, the line after the last one. */
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
  const inner = line
    .trim()
    .replace(/^\|/, "")
    .replace(/(?<!\\)\|$/, "");
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}

/** The places of formatting within lines, so that a long reply is not split inside them. */
function formattedSpans(source: string): Span[] {
  return [...readBlocks(source)].flatMap((block) =>
    block.kind === "code"
      ? []
      : readInline(block.text).spans.map(([start, end]): Span => [block.offset + start, block.offset + end]),
  );
}

/** Rules by which `splitText` cuts Markdown into parts that are complete. */
export const MARKDOWN_CUTS = { fences: true, keepTogether: formattedSpans } as const;
