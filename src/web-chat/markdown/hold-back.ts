/** A longer stretch is shown with its marks, because its end may never come. */
const MOST_HELD = 160;
const MOST_HELD_LINK = 600;

/**
 * The part of an unfinished text that will look the same when more text comes. A begun link, code or emphasis is held
 * back until it is complete. Inside a code block all text is shown at once.
 */
export function heldBack(text: string): string {
  const tail = tailOf(text);
  if (tail === null) return text.replace(/(^|\n)[^\S\n]*(`{1,2}|~{1,2})$/, "$1");
  const cut = Math.min(linkStart(tail), codeStart(tail), emphasisStart(tail));
  return cut < tail.length ? text.slice(0, text.length - tail.length + cut).trimEnd() : text;
}

/** The last paragraph or line of a list; null within a block of code. */
function tailOf(text: string): string | null {
  const fences = text.match(/^[^\S\n]*(```|~~~)/gm)?.length ?? 0;
  if (fences % 2 === 1) return null;
  return text.slice(text.lastIndexOf("\n") + 1);
}

function linkStart(tail: string): number {
  const start = tail.search(/!?\[[^\]]*(\](\([^()\s]*)?)?$/);
  return start >= 0 && tail.length - start <= MOST_HELD_LINK ? start : tail.length;
}

function codeStart(tail: string): number {
  const runs = [...tail.matchAll(/`+/g)];
  const last = runs.at(-1);
  if (!last || runs.length % 2 === 0) return tail.length;
  return within(tail, last.index);
}

/** Marks in code are ordinary characters. A mark before white space opens nothing. */
function emphasisStart(tail: string): number {
  const prose = tail.replace(/`[^`]*`/g, (code) => "x".repeat(code.length));
  const open: { mark: string; at: number }[] = [];
  for (const { 0: mark, index } of prose.matchAll(/\*{1,3}|_{1,3}|~~/g)) {
    const before = prose[index - 1] ?? " ";
    const after = prose[index + mark.length] ?? "";
    const inWord = mark.startsWith("_") && /\w/.test(before) && /\w/.test(after);
    if (inWord) continue;
    const known = open.findLastIndex((one) => one.mark === mark);
    if (known >= 0 && !/\s/.test(before)) open.length = known;
    else if (!/\s/.test(after)) open.push({ mark, at: index });
  }
  return open[0] ? within(tail, open[0].at) : tail.length;
}

const within = (tail: string, start: number) => (tail.length - start <= MOST_HELD ? start : tail.length);
