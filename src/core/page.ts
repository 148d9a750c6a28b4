/** A place in a list that is ordered by a time and, where times are equal, by id. */
export interface Keyset {
  at: Date;
  id: string;
}

/** Which part of a list is wanted: a numbered page (`offset`), or what comes behind `after`. */
export interface PageRequest {
  limit: number;
  offset: number;
  after: Keyset | null;
}

/** Part of a list. `next` is the place of its last row where more rows follow, else null. */
export interface Slice<T> {
  rows: T[];
  total: number;
  next: Keyset | null;
}

/** Cuts what a query for `limit + 1` rows gave to `limit`, and says whether there is more. */
export function toSlice<T>(found: T[], limit: number, total: number, place: (row: T) => Keyset): Slice<T> {
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  return { rows, total, next: found.length > limit && last !== undefined ? place(last) : null };
}
