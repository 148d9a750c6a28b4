/** Cutting a long text into parts that fit a platform, losing nothing. Pure; works in UTF-16 code units. */
export interface SplitOptions {
  /** The longest part, in UTF-16 code units. */
  limit: number;
  /** Whether ``` and ~~~ blocks that a cut falls into are closed in one part and reopened in the next. */
  fences?: boolean;
  /** Stretches of a line, as [start, end), that a cut should go around (a link, a bold phrase) where it can. */
  keepTogether?: (text: string) => readonly (readonly [start: number, end: number])[];
}

/**
 * The parts of a text, in order. Put together again they are the text, except for white space at the cuts and the
 * fence lines that were added. A blank text has no parts.
 *
 * Cuts are made, in order of preference, between paragraphs, lines, sentences, words, and only then between
 * characters as a reader sees them (grapheme clusters).
 */
export function splitText(text: string, options: SplitOptions): string[] {
  const parts: string[] = [];
  let rest = text;
  while (rest.length > options.limit) {
    const [part, remainder] = cutOnce(rest, options);
    if (part.trim() !== "") parts.push(part);
    rest = remainder;
  }
  if (rest.trim() !== "") parts.push(rest);
  return parts;
}

function cutOnce(text: string, options: SplitOptions): [part: string, rest: string] {
  const plain = cutAt(text, cutPosition(text, options.limit, options));
  if (!options.fences) return plain;
  const fence = openFence(plain[0], options.limit);
  return fence === null ? plain : (cutInFence(text, options, fence.close.length) ?? plain);
}

/**
 * A cut that falls into a code block, made again a little earlier: the line that closes the block takes room. Null where
 * the lines of fences leave no room.
 */
function cutInFence(text: string, options: SplitOptions, closeLength: number): [string, string] | null {
  if (closeLength + 1 >= options.limit) return null;
  const shorter = cutAt(text, cutPosition(text, options.limit - closeLength - 1, options, true));
  const open = openFence(shorter[0], options.limit);
  if (open === null) return shorter;
  // It may have come to lie in another block, with a longer fence.
  if (open.close.length > closeLength) return cutInFence(text, options, open.close.length);
  // A block that has only its opening line so far travels whole: an empty block says nothing.
  if (open.empty && open.start > 0)
    return [shorter[0].slice(0, open.start).trimEnd(), text.slice(open.start)];
  const reopened = `${open.open}\n${shorter[1]}`;
  return reopened.length < text.length ? [`${shorter[0]}\n${open.close}`, reopened] : null;
}

function cutAt(text: string, position: number): [part: string, rest: string] {
  // Only blank lines are dropped after a cut: the indentation of the next line belongs to it.
  const rest = text.slice(position).replace(/^[^\S\n]*\n(?:[^\S\n]*\n)*/, "");
  return [
    text.slice(0, position).trimEnd(),
    /\n[^\S\n]*$/.test(text.slice(0, position)) ? rest : rest.trimStart(),
  ];
}

const PARAGRAPH = /\n[^\S\n]*\n/g;
const LINE = /\n/g;
const SENTENCE = /[.!?…]["'”’)\]]*\s|[。！？]/g;
const WORD = /\s/g;

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Where to cut so that what stands before it is at most `limit` long. Always above 0. */
function cutPosition(text: string, limit: number, options: SplitOptions, insideFence = false): number {
  // A little more than fits is looked at, to see whether a character continues beyond the limit.
  const window = text.slice(0, limit + 256);
  const boundaries = graphemes.segment(window);
  const isBoundary = (at: number) => at >= window.length || boundaries.containing(at)?.index === at;
  const together = insideFence ? [] : (options.keepTogether?.(text.slice(0, limit * 2)) ?? []);
  const isFree = (at: number) => !together.some(([start, end]) => start < at && at < end);
  const last = (pattern: RegExp, minimum: number, free: (at: number) => boolean) =>
    lastCut(window, pattern, limit, (at) => at > minimum && free(at) && isBoundary(at));

  // A tiny part just because a paragraph ends early reads worse than a cut between sentences.
  const third = limit / 3;
  if (insideFence) return last(LINE, 0, isFree) ?? last(WORD, 0, isFree) ?? characterCut(boundaries, limit);
  return (
    last(PARAGRAPH, third, isFree) ??
    last(LINE, third, isFree) ??
    last(SENTENCE, third, isFree) ??
    last(WORD, 0, isFree) ??
    last(WORD, 0, () => true) ??
    characterCut(boundaries, limit)
  );
}

/** The last place at or before `limit` where the pattern ends and the cut is acceptable. */
function lastCut(
  window: string,
  pattern: RegExp,
  limit: number,
  accept: (at: number) => boolean,
): number | null {
  const ends: number[] = [];
  for (const match of window.matchAll(pattern)) {
    // White space at the cut is dropped, so it may stand just beyond the limit.
    const before = match.index + match[0].trimEnd().length;
    if (before > limit) break;
    if (before > 0) ends.push(match.index + match[0].length);
  }
  return ends.findLast(accept) ?? null;
}

function characterCut(boundaries: Intl.Segments, limit: number): number {
  const cut = boundaries.containing(limit)?.index ?? limit;
  if (cut > 0) return cut;
  // One character longer than a whole part (stacked accents): only its code points are kept whole.
  const unit = boundaries.containing(0)?.segment.charCodeAt(limit) ?? 0;
  const splitsPair = unit >= 0xdc00 && unit <= 0xdfff;
  return splitsPair && limit > 1 ? limit - 1 : limit;
}

interface OpenFence {
  /** Where the opening line begins. */
  start: number;
  /** Whether nothing but the opening line stands in the part. */
  empty: boolean;
  open: string;
  close: string;
}

/** The code block that is still open at the end of a text, or null. */
function openFence(text: string, limit: number): OpenFence | null {
  let fence: OpenFence | null = null;
  for (const line of text.matchAll(/^[^\S\n]{0,3}(`{3,}|~{3,})([^\n]*)$/gm)) {
    const [whole, marker = "", info = ""] = line;
    if (fence === null) {
      if (marker.startsWith("`") && info.includes("`")) continue;
      // Only the name of a language is worth repeating, and not one that would eat the part it heads.
      const isLanguage = /^[\w+#.-]*$/.test(info.trim()) && whole.length <= limit / 4;
      const open = isLanguage ? whole : marker;
      fence = { start: line.index, empty: line.index + whole.length >= text.length, open, close: marker };
    } else if (info.trim() === "" && marker.startsWith(fence.close)) fence = null;
  }
  return fence;
}
