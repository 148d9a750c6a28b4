/** A position in a list that is ordered by time and, for equal times, by id. */
export interface Keyset {
  at: Date;
  id: string;
}

/** The requested part of a list: a numbered page (`offset`), or the rows after `after`. */
export interface PageRequest {
  limit: number;
  offset: number;
  after: Keyset | null;
}

/** Part of a list. `next` is the position of its last row if more rows follow, else null. */
export interface Slice<T> {
  rows: T[];
  total: number;
  next: Keyset | null;
}

/** Cuts the result of a query for `limit + 1` rows to `limit`. The extra row shows that more rows follow. */
export function toSlice<T>(found: T[], limit: number, total: number, place: (row: T) => Keyset): Slice<T> {
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  return { rows, total, next: found.length > limit && last !== undefined ? place(last) : null };
}
