import { inlineCode, type Line, type Span, unpairedTick } from "./inline-code.ts";

/** The code of a text. */
export interface CodeReading {
  /** The parts shown as code, with their marks, in order. */
  spans: Span[];
  /** The position where unfinished code may begin; null if there is none. */
  open: number | null;
  /** The line that closes the block still open at the end; null if there is none. */
  closing: string | null;
}

interface Fence {
  line: Line;
  marker: string;
  /** The indent that its lines need, so that no Markdown parser ends the list item around the fence. */
  indent: number;
}

/** White space and list marks before the text of a line. */
const LIST_MARKS = /^[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*/;
/** A fence after the marks of lists and quotes. */
const HIDDEN_FENCE = /^[ \t>*+\-\d.)]*(?:`{3,}[^`]*|~{3,}.*)$/;

/**
 * Finds the code in Markdown. Code is sent unchanged, and its content must not become a mention. Anything that Slack
 * may not read as code is not code here. After a place that can be read in two ways, nothing is code.
 */
export function readCode(markdown: string): CodeReading {
  const spans: Span[] = [];
  let fence: Fence | null = null;
  let inList = false;
  let paragraph: Line[] = [];
  const endParagraph = () => {
    spans.push(...inlineCode(markdown, paragraph));
    paragraph = [];
  };
  for (const line of linesOf(markdown, () => fence?.line.quotes ?? Number.POSITIVE_INFINITY)) {
    if (fence !== null) {
      const place = placeIn(fence, line);
      if (place === "unclear") return { spans, open: null, closing: null };
      if (place === "inside") continue;
      spans.push([fence.line.start, line.end]);
      fence = null;
    } else if (line.text.trim() === "") endParagraph();
    else {
      const [marks = ""] = LIST_MARKS.exec(line.text) ?? [];
      inList ||= marks.trim() !== "";
      const marker = fenceOf(line.text.slice(marks.length));
      if (marker !== null) {
        endParagraph();
        fence = { line, marker, indent: inList || marks.length > 3 ? marks.length : 0 };
      } else if (HIDDEN_FENCE.test(line.text)) {
        endParagraph();
        return { spans, open: null, closing: null };
      } else paragraph.push(line);
    }
  }
  const last = paragraph.at(-1);
  endParagraph();
  if (fence === null) return { spans, open: last ? unpairedTick(markdown, last) : null, closing: null };
  const quotes = markdown.slice(fence.line.start, fence.line.offset);
  return { spans, open: fence.line.start, closing: `${quotes}${" ".repeat(fence.indent)}${fence.marker}` };
}

/**
 * The lines, each without the marks of its quotes. Removes at most `most` marks, because a block may be in fewer
 * quotes.
 */
function* linesOf(markdown: string, most: () => number): Generator<Line> {
  for (let start = 0; start < markdown.length; ) {
    const newline = markdown.indexOf("\n", start);
    const end = newline === -1 ? markdown.length : newline;
    let offset = start;
    let quotes = 0;
    for (; quotes < most(); quotes++) {
      const mark = /^ {0,3}> ?/.exec(markdown.slice(offset, Math.min(offset + 5, end)))?.[0];
      if (mark === undefined) break;
      offset += mark.length;
    }
    yield { start, end, offset, quotes, text: markdown.slice(offset, end) };
    start = end + 1;
  }
}

/** The fence that opens a code block, or null. */
function fenceOf(text: string): string | null {
  const [, marker = "", info = ""] = /^(`{3,}|~{3,})(.*)$/.exec(text) ?? [];
  return marker === "" || info.includes("`") ? null : marker;
}

function placeIn({ line, marker, indent }: Fence, { quotes, text }: Line): "inside" | "end" | "unclear" {
  if (quotes < line.quotes) return "unclear";
  const said = text.trim();
  if (said === "") return "inside";
  const before = text.length - text.trimStart().length;
  if (before < indent) return "unclear";
  if (!said.includes(marker)) return "inside";
  const isEnd = said.replaceAll(marker.charAt(0), "") === "" && before <= indent + 3;
  return isEnd ? "end" : "unclear";
}
