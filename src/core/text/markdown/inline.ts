/** A stretch of a line with one style, without its markers. */
export interface Run {
  text: string;
  bold: boolean;
  italic: boolean;
  strike: boolean;
  code: boolean;
  /** The link that contains the run: the same object for all runs of its label. Two links may have the same URL. */
  link: Link | null;
}

export interface Link {
  url: string;
}

/** A stretch of the source, including markers: [start, end). */
export type Span = readonly [start: number, end: number];

export interface StyledLine {
  runs: Run[];
  /** The places of recognised formatting, only the outermost. */
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
 * Reads the formatting of one line. It is stricter than Markdown on purpose. A marker counts only at the edge of a word
 * and with its partner on the same line. So `2 * 3`, `snake_case`, `__init__` and `*.ts` stay as written. For the same
 * reason a backslash before a marker keeps it literal and stays visible (`¯\_(ツ)_/¯`).
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
  // If one marker has no partner ahead, no later one has. Remembering that keeps the time linear for a line of
  // asterisks.
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
    if (found.style.code || found.verbatim)
      out.runs.push({ ...inner, text: line.slice(found.start, found.end) });
    else scan(line, found.start, found.end, inner, out, false);
    if (outermost) out.spans.push([at, found.next]);
    at = found.next;
    literal = at;
  }
  flush(to);
}

type Match =
  | {
      start: number;
      end: number;
      next: number;
      style: Partial<Omit<Run, "text">>;
      /** The text inside has no formatting, as code has none. */
      verbatim?: true;
    }
  /** Nothing begins here, and this many characters need no further check. */
  | { skip: number };

function matchAt(line: string, at: number, to: number, unpaired: Set<string>): Match | null {
  const char = line[at];
  if (char === "\\") return { skip: 2 };
  if (char === "`") return codeAt(line, at, to, unpaired);
  if (char === "[") return linkAt(line, at, to);
  if (char === "!" && line[at + 1] === "[") return imageAt(line, at, to);
  if (char === "<") return addressAt(line, at, to);
  if (char !== "*" && char !== "_" && char !== "~") return null;
  const run = runLength(line, at, to);
  for (const { mark, style } of MARKERS) {
    if (!line.startsWith(mark, at) || (mark.length === 1 && run > 1) || run > 3) continue;
    if (unpaired.has(mark) || !opens(line, at, mark.length)) continue;
    const end = closing(line, at + mark.length, to, mark);
    if (typeof end === "number")
      return { start: at + mark.length, end, next: end + mark.length, style: { [style]: true } };
    if (end === null) unpaired.add(mark);
  }
  return { skip: run };
}

/** A picture is shown as a link to it, without the `!` that makes it a picture. */
function imageAt(line: string, at: number, to: number): Match | null {
  const link = linkAt(line, at + 1, to);
  return link !== null && "next" in link ? link : null;
}

function runLength(line: string, at: number, to: number): number {
  let end = at;
  while (end < to && line[end] === line[at]) end++;
  return end - at;
}

const isWord = (char: string | undefined) => char !== undefined && /[A-Za-z0-9_]/.test(char);
/** An underline joins the words of names in any alphabet, while `**` also stands between words without spaces. */
const isWordFor = (mark: string | undefined, char: string | undefined) =>
  isWord(char) || (mark === "_" && /[\p{L}\p{M}\p{N}]/u.test(char ?? ""));
const isSpace = (char: string | undefined) => char === undefined || /\s/.test(char);

function opens(line: string, at: number, length: number): boolean {
  const next = line[at + length];
  return !isWordFor(line[at], line[at - 1]) && !isSpace(next) && !/[)\]}.,;:!?]/.test(next ?? "");
}

/** The place of the closing marker. Null if there is none, also for any later marker of this kind. */
function closing(line: string, from: number, to: number, mark: string): number | "opens_again" | null {
  for (let at = line.indexOf(mark, from + 1); at !== -1 && at + mark.length <= to; ) {
    const run = runLength(line, at, to);
    const before = line[at - 1] ?? "";
    // In a longer run, the last characters close and the others belong to the inner style: `***both***`.
    const partner = at + run - mark.length;
    const fits = mark.length === 2 || run === 1 || run === 3;
    const isAfterWord = !isSpace(before) && !/[([{\\]/.test(before);
    const after = line[at + run];
    if (fits && isAfterWord && (!isWordFor(mark, after) || endsWithinWord(mark, before, after)))
      return partner;
    // Another marker of the same kind opens here, so a following partner belongs to that one.
    if (run === mark.length && !isAfterWord && before !== "\\" && opens(line, at, run)) return "opens_again";
    at = line.indexOf(mark, at + run);
  }
  return null;
}

/** `**Bold**text` and `**Note:**5` are formatting. The second mark of `**kwargs and 2**8` is not. */
function endsWithinWord(mark: string, before: string, after: string | undefined): boolean {
  if (mark.length === 1) return false;
  return !isWord(before) || (/[A-Za-z]/.test(before) && /[A-Za-z]/.test(after ?? ""));
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

/** The title after the URL is shown only under the mouse pointer, so it is not part of the text. */
const LINK =
  /\[([^[\]]{1,512})\]\(((?:https?|tg):\/\/[^\s()<>]+(?:\([^\s()<>]*\)[^\s()<>]*)*)(?:[^\S\n]+(?:"[^"\n]{0,512}"|'[^'\n]{0,512}'))?\)/y;

function linkAt(line: string, at: number, to: number): Match | null {
  LINK.lastIndex = at;
  const [whole, label = "", url = ""] = LINK.exec(line) ?? [""];
  if (whole === "" || at + whole.length > to || label.trim() === "" || !URL.canParse(url)) return null;
  return { start: at + 1, end: at + 1 + label.length, next: at + whole.length, style: { link: { url } } };
}

const ADDRESS = /<((?:https?|tg):\/\/[^\s<>]{1,2048})>/y;

/** A URL in angle brackets. The brackets only mark its end. */
function addressAt(line: string, at: number, to: number): Match | null {
  ADDRESS.lastIndex = at;
  const [whole, url = ""] = ADDRESS.exec(line) ?? [""];
  if (whole === "" || at + whole.length > to || !URL.canParse(url)) return null;
  const end = at + 1 + url.length;
  return { start: at + 1, end, next: end + 1, style: { link: { url } }, verbatim: true };
}
