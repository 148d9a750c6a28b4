interface Row {
  id: string;
  /** The list is ordered by it, newest first. */
  updated_at: string;
}

/** The shown rows, and the number of rows whose place has changed. */
export interface Merged<T> {
  rows: T[];
  /** Number of rows that are new or belong higher up, and wait until the reader accepts them. */
  waiting: number;
}

/**
 * Brings shown rows up to date.
 * @param shown the rows in the order of the screen.
 * @param first the first page in the server's order; `isAll`: there is no other page.
 * @param mayMove false while the reader points at a row or is further down. Then every row stays at its place.
 */
export function mergeRows<T extends Row>(
  shown: readonly T[],
  first: { rows: readonly T[]; isAll: boolean },
  mayMove: boolean,
): Merged<T> {
  const fresh = first.rows;
  if (mayMove || shown.length === 0) {
    const last = fresh.at(-1);
    if (first.isAll || last === undefined) return { rows: [...fresh], waiting: 0 };
    const known = new Set(fresh.map(({ id }) => id));
    // Rows of later pages stay behind the first page. A row that is newer than its end no longer matches the filters.
    const later = shown.filter(({ id, updated_at: at }) => !known.has(id) && at < last.updated_at);
    return { rows: [...fresh, ...later], waiting: 0 };
  }
  const known = new Map(fresh.map((row) => [row.id, row]));
  const places = new Map(shown.map((row, index) => [row.id, index]));
  return { rows: shown.map((row) => known.get(row.id) ?? row), waiting: risen(fresh, places) };
}

/** Counts the rows that are new or overtook another one. */
function risen(fresh: readonly Row[], places: ReadonlyMap<string, number>): number {
  let waiting = 0;
  let highest = Number.POSITIVE_INFINITY;
  // From the end: a row that stands behind one that it now precedes has risen.
  for (const { id } of [...fresh].reverse()) {
    const place = places.get(id);
    if (place === undefined || place > highest) waiting += 1;
    else highest = place;
  }
  return waiting;
}

/** The rows of the next page, without those that are shown already. */
export function appendRows<T extends Row>(shown: readonly T[], next: readonly T[]): T[] {
  const known = new Set(shown.map(({ id }) => id));
  return [...shown, ...next.filter(({ id }) => !known.has(id))];
}
