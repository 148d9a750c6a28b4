/**
 * Options for splitting a long text into parts that fit a platform. Nothing is lost. Pure; works in UTF-16 code units.
 */
export interface SplitOptions {
  /** Maximum length of a part, in UTF-16 code units. */
  limit: number;
  /** True: a ``` or ~~~ block that is split is closed in one part and reopened in the next. */
  fences?: boolean;
  /** Stretches of a line, as [start, end), that should not be split if possible (a link, a bold phrase). */
  keepTogether?: (text: string) => readonly (readonly [start: number, end: number])[];
}

/**
 * The parts of a text, in order. Joined, they are the original text, except for white space at the cuts and the added
 * fence lines. A blank text has no parts.
 *
 * Cuts are made, in order of preference, between paragraphs, lines, sentences, words. Only then are they made between
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
 * Repeats a cut inside a code block a little earlier, because the line that closes the block needs space. Null if the
 * fence lines leave no space.
 */
function cutInFence(text: string, options: SplitOptions, closeLength: number): [string, string] | null {
  if (closeLength + 1 >= options.limit) return null;
  const shorter = cutAt(text, cutPosition(text, options.limit - closeLength - 1, options, true));
  const open = openFence(shorter[0], options.limit);
  if (open === null) return shorter;
  // The new cut may be inside another block, with a longer fence.
  if (open.close.length > closeLength) return cutInFence(text, options, open.close.length);
  // A block with only its opening line moves whole to the next part, because an empty block is useless.
  if (open.empty && open.start > 0)
    return [shorter[0].slice(0, open.start).trimEnd(), text.slice(open.start)];
  const reopened = `${open.open}\n${shorter[1]}`;
  return reopened.length < text.length ? [`${shorter[0]}\n${open.close}`, reopened] : null;
}

function cutAt(text: string, position: number): [part: string, rest: string] {
  // Only blank lines are dropped after a cut, because the indentation belongs to the next line.
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

/** The place of a cut such that the text before it has at most `limit` characters. Always above 0. */
function cutPosition(text: string, limit: number, options: SplitOptions, insideFence = false): number {
  // The window is a little longer than the limit, to see if a character continues beyond the limit.
  const window = text.slice(0, limit + 256);
  const boundaries = graphemes.segment(window);
  const isBoundary = (at: number) => at >= window.length || boundaries.containing(at)?.index === at;
  const together = insideFence ? [] : (options.keepTogether?.(text.slice(0, limit * 2)) ?? []);
  const isFree = (at: number) => !together.some(([start, end]) => start < at && at < end);
  const last = (pattern: RegExp, minimum: number, free: (at: number) => boolean) =>
    lastCut(window, pattern, limit, (at) => at > minimum && free(at) && isBoundary(at));

  // A very short part, only because a paragraph ends early, reads worse than a cut between sentences.
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
    // White space at the cut is dropped, so it may be just beyond the limit.
    const before = match.index + match[0].trimEnd().length;
    if (before > limit) break;
    if (before > 0) ends.push(match.index + match[0].length);
  }
  return ends.findLast(accept) ?? null;
}

function characterCut(boundaries: Intl.Segments, limit: number): number {
  const cut = boundaries.containing(limit)?.index ?? limit;
  if (cut > 0) return cut;
  // One character is longer than a whole part (stacked accents), so only its code points stay whole.
  const unit = boundaries.containing(0)?.segment.charCodeAt(limit) ?? 0;
  const splitsPair = unit >= 0xdc00 && unit <= 0xdfff;
  return splitsPair && limit > 1 ? limit - 1 : limit;
}

interface OpenFence {
  /** Index of the opening line. */
  start: number;
  /** True if the part contains only the opening line of the block. */
  empty: boolean;
  open: string;
  close: string;
}

/** The code block that is still open at the end of a text, or null. */
function openFence(text: string, limit: number): OpenFence | null {
  let fence: OpenFence | null = null;
  for (const line of text.matchAll(/^[^\S\n]*(`{3,}|~{3,})([^\n]*)$/gm)) {
    const [whole, marker = "", info = ""] = line;
    if (fence === null) {
      if (marker.startsWith("`") && info.includes("`")) continue;
      // Only a language name is repeated, and only if it is short enough to leave space in the part.
      const isLanguage = /^[\w+#.-]*$/.test(info.trim()) && whole.length <= limit / 4;
      const open = isLanguage ? whole : marker;
      fence = { start: line.index, empty: line.index + whole.length >= text.length, open, close: marker };
    } else if (info.trim() === "" && marker.startsWith(fence.close)) fence = null;
  }
  return fence;
}
