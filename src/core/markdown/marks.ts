import type { Link, Run } from "./inline.ts";

/** How a platform that formats by marks in the text writes what it can show. */
export interface Marks {
  bold: string;
  italic: string;
  strike: string;
  /** The words themselves, such as escaped. */
  words(text: string): string;
  /** Code within a line. */
  code(text: string): string;
  /** A link. Null leaves it as words with the address behind them. */
  link(label: string, url: string): string | null;
}

type Style = "bold" | "italic" | "strike";
const STYLES: readonly Style[] = ["bold", "italic", "strike"];

/**
 * The runs of a line with a platform's marks around them. Marks nest, and stand at words: white space at the edge of a
 * style stays outside of it, as platforms see no mark beside a space.
 */
export function withMarks(runs: readonly Run[], marks: Marks): string {
  const open: Style[] = [];
  let out = "";
  const close = (until: number) => {
    const closing = open.splice(until).reverse();
    const end = out.trimEnd();
    const space = out.slice(end.length);
    out = end + closing.map((style) => marks[style]).join("") + space;
  };
  for (const { text, styles } of pieces(runs, marks)) {
    if (text.trim() === "") {
      out += text;
      continue;
    }
    const kept = open.findIndex((style) => !styles.includes(style));
    if (kept !== -1) close(kept);
    const [space = ""] = /^\s*/.exec(text) ?? [];
    const opening = styles.filter((style) => !open.includes(style));
    open.push(...opening);
    out += space + opening.map((style) => marks[style]).join("") + text.slice(space.length);
  }
  close(0);
  return out;
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
  const end = runs.findIndex((run, index) => index > start && run.link !== link);
  return end === -1 ? runs.length : end;
}

function linkPieces(runs: readonly Run[], { url }: Link, marks: Marks): Piece[] {
  const label = runs.map((run) => run.text).join("");
  const [only] = runs;
  // What all of it has: the address is not part of one word of it.
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
