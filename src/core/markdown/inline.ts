/** A stretch of a line with one style, after its markers were taken away. */
export interface Run {
  text: string;
  bold: boolean;
  italic: boolean;
  strike: boolean;
  code: boolean;
  /** The link it is part of: the same one for all runs of its label. Two links may lead to one address. */
  link: Link | null;
}

export interface Link {
  url: string;
}

/** A stretch of the source, markers included: [start, end). */
export type Span = readonly [start: number, end: number];

export interface StyledLine {
  runs: Run[];
  /** Where formatting was recognised, outermost only. */
  spans: Span[];
}

const MARKERS = [
  { mark: "**", style: "bold" },
  { mark: "~~", style: "strike" },
  { mark: "*", style: "italic" },
  { mark: "_", style: "italic" },
] as const;

const PLAIN: Omit<Run, "text"> = { bold: false, italic: false, strike: false, code: false, link: null };

/**
 * Reads the formatting of one line. Stricter than Markdown on purpose: a marker counts only at the edge of a word
 * and with its partner on the same line, because `2 * 3`, `snake_case`, `__init__` and `*.ts` have to arrive as
 * written. For the same reason a backslash before a marker keeps it literal and stays visible (`¯\_(ツ)_/¯`).
 */
export function readInline(line: string, style: Partial<Omit<Run, "text">> = {}): StyledLine {
  const styled: StyledLine = { runs: [], spans: [] };
  scan(line, 0, line.length, { ...PLAIN, ...style }, styled, true);
  return styled;
}

function scan(
  line: string,
  from: number,
  to: number,
  style: Omit<Run, "text">,
  out: StyledLine,
  outermost: boolean,
): void {
  // Once a marker has no partner ahead, none that follows it has one either: keeps a line of asterisks linear.
  const unpaired = new Set<string>();
  let literal = from;
  const flush = (until: number) => {
    if (until > literal) out.runs.push({ ...style, text: line.slice(literal, until) });
  };
  for (let at = from; at < to; ) {
    const found = matchAt(line, at, to, unpaired);
    if (found === null || "skip" in found) {
      at += found === null ? 1 : found.skip;
      continue;
    }
    flush(at);
    const inner = { ...style, ...found.style };
    if (found.style.code) out.runs.push({ ...inner, text: line.slice(found.start, found.end) });
    else scan(line, found.start, found.end, inner, out, false);
    if (outermost) out.spans.push([at, found.next]);
    at = found.next;
    literal = at;
  }
  flush(to);
}

type Match =
  | { start: number; end: number; next: number; style: Partial<Omit<Run, "text">> }
  /** Nothing here, and this many characters need no second look. */
  | { skip: number };

function matchAt(line: string, at: number, to: number, unpaired: Set<string>): Match | null {
  const char = line[at];
  if (char === "\\") return { skip: 2 };
  if (char === "`") return codeAt(line, at, to, unpaired);
  if (char === "[") return linkAt(line, at, to);
  if (char !== "*" && char !== "_" && char !== "~") return null;
  const run = runLength(line, at, to);
  for (const { mark, style } of MARKERS) {
    if (!line.startsWith(mark, at) || (mark.length === 1 && run > 1) || run > 3) continue;
    if (unpaired.has(mark) || !opens(line, at, mark.length)) continue;
    const end = closing(line, at + mark.length, to, mark);
    if (end !== null)
      return { start: at + mark.length, end, next: end + mark.length, style: { [style]: true } };
    unpaired.add(mark);
  }
  return { skip: run };
}

function runLength(line: string, at: number, to: number): number {
  let end = at;
  while (end < to && line[end] === line[at]) end++;
  return end - at;
}

const isWord = (char: string | undefined) => char !== undefined && /[A-Za-z0-9_]/.test(char);
const isSpace = (char: string | undefined) => char === undefined || /\s/.test(char);

function opens(line: string, at: number, length: number): boolean {
  const next = line[at + length];
  return !isWord(line[at - 1]) && !isSpace(next) && !/[)\]}.,;:!?]/.test(next ?? "");
}

/** Where the partner of a marker begins, or null. */
function closing(line: string, from: number, to: number, mark: string): number | null {
  for (let at = line.indexOf(mark, from + 1); at !== -1 && at + mark.length <= to; ) {
    const run = runLength(line, at, to);
    const before = line[at - 1] ?? "";
    // Of a longer run the last characters close, the others belong to what is inside: `***both***`.
    const partner = at + run - mark.length;
    const fits = mark.length === 2 || run === 1 || run === 3;
    if (fits && !isSpace(before) && !/[([{\\]/.test(before) && !isWord(line[at + run])) return partner;
    at = line.indexOf(mark, at + run);
  }
  return null;
}

function codeAt(line: string, at: number, to: number, unpaired: Set<string>): Match {
  const run = runLength(line, at, to);
  const ticks = "`".repeat(run);
  if (unpaired.has(ticks)) return { skip: run };
  for (let end = line.indexOf(ticks, at + run); end !== -1 && end + run <= to; ) {
    const length = runLength(line, end, to);
    if (length === run && line.slice(at + run, end).trim() !== "")
      return { start: at + run, end, next: end + run, style: { code: true } };
    end = line.indexOf(ticks, end + length);
  }
  unpaired.add(ticks);
  return { skip: run };
}

const LINK = /\[([^[\]]{1,512})\]\(((?:https?|tg):\/\/[^\s()<>]+(?:\([^\s()<>]*\)[^\s()<>]*)*)\)/y;

function linkAt(line: string, at: number, to: number): Match | null {
  LINK.lastIndex = at;
  const [whole, label = "", url = ""] = LINK.exec(line) ?? [""];
  if (whole === "" || at + whole.length > to || label.trim() === "" || !URL.canParse(url)) return null;
  return { start: at + 1, end: at + 1 + label.length, next: at + whole.length, style: { link: { url } } };
}
