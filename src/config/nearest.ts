/** The candidate that a person most likely meant by `word`; null if none is similar. */
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

/** The fix for an unknown name. */
export function nameFix(value: unknown, known: readonly string[]): string {
  const list = known.map((name) => JSON.stringify(name)).join(", ");
  const close = typeof value === "string" ? nearest(value, known) : null;
  if (known.length < 2) return `write ${list}`;
  return close === null ? `write one of ${list}` : `write ${JSON.stringify(close)} (known are ${list})`;
}

/** Treats `max_tokens`, `max-tokens` and `maxTokens` as the same word. */
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
