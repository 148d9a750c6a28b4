/** The candidate a person most likely meant by `word`, or null when none is close. */
export function nearest(word: string, candidates: readonly string[]): string | null {
  const wanted = plain(word);
  let best: { candidate: string; distance: number } | null = null;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, plain(candidate));
    if (best === null || distance < best.distance) best = { candidate, distance };
  }
  if (best === null) return null;
  const allowed = Math.ceil(Math.max(wanted.length, best.candidate.length) / 3);
  return best.distance <= allowed ? best.candidate : null;
}

/** What to write instead of a name that stands for nothing. */
export function nameFix(written: unknown, known: readonly string[]): string {
  const list = known.map((name) => JSON.stringify(name)).join(", ");
  const close = typeof written === "string" ? nearest(written, known) : null;
  if (known.length < 2) return `write ${list}`;
  return close === null ? `write one of ${list}` : `write ${JSON.stringify(close)} (known are ${list})`;
}

/** `max_tokens`, `max-tokens` and `maxTokens` are the same word. */
function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[-_\s]/g, "");
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      const removed = (previous[column] ?? 0) + 1;
      const added = (current[column - 1] ?? 0) + 1;
      current.push(Math.min(replaced, removed, added));
    }
    previous = current;
  }
  return previous.at(-1) ?? 0;
}
