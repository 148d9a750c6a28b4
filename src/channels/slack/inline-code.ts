/** A range of a text: [start, end). */
export type Span = readonly [start: number, end: number];

/** A line of a text, and the part of it after the quote marks. */
export interface Line {
  start: number;
  end: number;
  /** The position where the text after the quote marks begins. */
  offset: number;
  quotes: number;
  text: string;
}

/**
 * The code within the lines of a paragraph. Markdown parsers pair backticks in different ways. Only text that every
 * parser reads as code counts.
 */
export function inlineCode(markdown: string, lines: readonly Line[]): Span[] {
  const [first] = lines;
  const last = lines.at(-1);
  const found = lines.flatMap(({ offset, end }) => pairTicks(markdown, offset, end).spans);
  if (first === undefined || last === undefined || found.length === 0) return [];
  const whole = pairTicks(markdown, first.offset, last.end).spans;
  const rules = lines.filter(
    ({ text }) => text.includes("|") && text.includes("-") && !/[^\s|:-]/.test(text),
  );
  // Parsers leave out the cells of a row that its table has no column for.
  const columns = Math.min(...rules.map((rule) => cellsOf(rule).length));
  const byCell = lines
    .flatMap((line) => cellsOf(line).slice(0, columns))
    .flatMap(([start, end]) => pairTicks(markdown, start, end).spans);
  const others = (rules.length > 0 ? [whole, byCell] : [whole]).map((spans) => new Set(spans.map(String)));
  const agreed = found.filter((span) => others.every((spans) => spans.has(String(span))));
  const outside = outsideOfUrls(markdown, first.offset, outsideOfTags(markdown, first.offset, agreed));
  return outside.filter(([start, end]) => !isWord(markdown[start - 1]) && !isWord(markdown[end]));
}

/** The position of the first backtick of a line without a partner; null if there is none. */
export function unpairedTick(markdown: string, { offset, end }: Line): number | null {
  return pairTicks(markdown, offset, end).unpaired;
}

/** Pairs backticks as CommonMark does: with the next run of the same length. A backslash escapes the first of a run. */
function pairTicks(markdown: string, from: number, to: number): { spans: Span[]; unpaired: number | null } {
  const spans: Span[] = [];
  let unpaired: number | null = null;
  const runs = [...markdown.slice(from, to).matchAll(/`+/g)].map(
    ({ 0: ticks, index }): Span => [from + index, from + index + ticks.length],
  );
  /** The runs of each length, last first. Passed runs are removed from the end, so the time stays linear. */
  const places = new Map<number, number[]>();
  for (const [place, [start, end]] of [...runs.entries()].reverse()) {
    const same = places.get(end - start);
    if (same) same.push(place);
    else places.set(end - start, [place]);
  }
  for (let place = 0; place < runs.length; place++) {
    const [first = 0, end = 0] = runs[place] ?? [];
    const start = isEscaped(markdown, first, from) ? first + 1 : first;
    if (start === end) continue;
    const same = places.get(end - start) ?? [];
    while ((same.at(-1) ?? Number.POSITIVE_INFINITY) <= place) same.pop();
    const partner = same.at(-1);
    const closing = partner === undefined ? undefined : runs[partner];
    if (partner === undefined || closing === undefined) unpaired ??= start;
    else {
      spans.push([start, closing[1]]);
      place = partner;
    }
  }
  return { spans, unpaired };
}

function isEscaped(markdown: string, at: number, from: number): boolean {
  let before = at;
  while (before > from && markdown[before - 1] === "\\") before--;
  return (at - before) % 2 === 1;
}

/** The spans with no open `<…` before them, because a backtick inside a tag has no meaning. */
function outsideOfTags(markdown: string, from: number, spans: readonly Span[]): Span[] {
  let at = from;
  let isOpen = false;
  return spans.filter(([start, end]) => {
    for (; at < start; at++) {
      if (markdown[at] === ">") isOpen = false;
      else if (markdown[at] === "<" && /[A-Za-z/!?@#]/.test(markdown[at + 1] ?? "")) isOpen = true;
    }
    at = end;
    return !isOpen;
  });
}

/**
 * The spans before the first backtick inside a bare URL. Parsers that make links of bare URLs read it as part
 * of the URL, and pair later backticks differently. A `<` does not end the URL, because it may become an entity.
 */
function outsideOfUrls(markdown: string, from: number, spans: readonly Span[]): Span[] {
  let at = from;
  let inUrl = false;
  let isBroken = false;
  return spans.filter(([start, end]) => {
    for (; at <= start; at++) {
      const char = markdown[at] ?? "";
      if (/\s/.test(char)) inUrl = false;
      else if (markdown.startsWith("://", at) || /^www\.$/i.test(markdown.slice(at, at + 4))) inUrl = true;
      else if (char === "`" && inUrl) isBroken = true;
    }
    at = end;
    return !isBroken;
  });
}

/** The cells of a table's line, without the empty text before its first bar and after its last one. */
function cellsOf({ offset, text }: Line): Span[] {
  let start = offset;
  const cells = text.split("|").map((cell) => {
    const span: Span = [start, start + cell.length];
    start += cell.length + 1;
    return { span, isEmpty: cell.trim() === "" };
  });
  const inner = cells.slice(cells[0]?.isEmpty ? 1 : 0, cells.at(-1)?.isEmpty ? -1 : cells.length);
  return inner.map(({ span }) => span);
}

const isWord = (char: string | undefined) => char !== undefined && /[A-Za-z0-9]/.test(char);
