import type { Link, Run } from "./inline.ts";

/** A platform's marks for formatting, for platforms that format by marks in the text. */
export interface Marks {
  bold: string;
  italic: string;
  strike: string;
  /** Converts plain words, for example escapes them. */
  words(text: string): string;
  /** Code within a line. */
  code(text: string): string;
  /** A link. Null: the label stays as words, followed by the URL. */
  link(label: string, url: string): string | null;
}

type Style = "bold" | "italic" | "strike";
const STYLES: readonly Style[] = ["bold", "italic", "strike"];

/**
 * The runs of a line with a platform's marks around them. Marks nest and touch words. White space at the edge of a
 * style stays outside, because platforms ignore a mark beside a space.
 */
export function withMarks(runs: readonly Run[], marks: Marks): string {
  const open: Style[] = [];
  const written: string[] = [];
  /**
   * White space at the end, kept separately. Searching for it in the whole output took time quadratic in its length.
   */
  let space = "";
  const close = (until: number) => {
    for (const style of open.splice(until).reverse()) written.push(marks[style]);
  };
  for (const { text, styles } of pieces(runs, marks)) {
    if (text.trim() === "") {
      space += text;
      continue;
    }
    const kept = open.findIndex((style) => !styles.includes(style));
    if (kept !== -1) close(kept);
    const opening = styles.filter((style) => !open.includes(style));
    open.push(...opening);
    const words = text.trimStart();
    const before = space + text.slice(0, text.length - words.length);
    space = words.slice(words.trimEnd().length);
    written.push(before, ...opening.map((style) => marks[style]), words.trimEnd());
  }
  close(0);
  return written.join("") + space;
}

interface Piece {
  text: string;
  styles: Style[];
}

function pieces(runs: readonly Run[], marks: Marks): Piece[] {
  const found: Piece[] = [];
  for (let index = 0; index < runs.length; ) {
    const run = runs[index];
    if (run === undefined) break;
    const { link } = run;
    const end = link === null ? index + 1 : endOfLink(runs, index, link);
    found.push(...(link === null ? [pieceOf(run, marks)] : linkPieces(runs.slice(index, end), link, marks)));
    index = end;
  }
  return found;
}

function endOfLink(runs: readonly Run[], start: number, link: Link): number {
  let end = start + 1;
  while (end < runs.length && runs[end]?.link === link) end++;
  return end;
}

function linkPieces(runs: readonly Run[], { url }: Link, marks: Marks): Piece[] {
  const label = runs.map((run) => run.text).join("");
  const [only] = runs;
  // The styles of the whole label, because the URL does not belong to one word of it.
  const styles = STYLES.filter((style) => runs.every((run) => run[style]));
  if (label === url) return [{ text: marks.words(url), styles }];
  const whole = runs.length === 1 && only?.code === false ? marks.link(label, url) : null;
  if (whole !== null) return [{ text: whole, styles }];
  return [...runs.map((run) => pieceOf(run, marks)), { text: marks.words(` (${url})`), styles }];
}

function pieceOf(run: Run, marks: Marks): Piece {
  return run.code
    ? { text: marks.code(run.text), styles: [] }
    : { text: marks.words(run.text), styles: stylesOf(run) };
}

function stylesOf(run: Run): Style[] {
  return STYLES.filter((style) => run[style]);
}
