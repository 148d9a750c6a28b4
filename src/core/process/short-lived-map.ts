/** The methods of a `Map`, for values that come and go with every message. */
export interface ShortLivedMap<K, V> {
  size(): number;
  has(key: K): boolean;
  get(key: K): V | undefined;
  set(key: K, value: V): void;
  delete(key: K): void;
  values(): V[];
}

/**
 * A map that frees deleted values at once. A `Map` rebuilds its table after a number of changes. Each old table keeps
 * its values and the table that follows it. An old table in the old generation lives until a full garbage collection.
 * Until then it keeps all later tables, and with them most values that were ever stored. Here those tables keep only
 * empty cells.
 */
export function createShortLivedMap<K, V>(): ShortLivedMap<K, V> {
  const cells = new Map<K, { value: V | undefined }>();
  return {
    size: () => cells.size,
    has: (key) => cells.has(key),
    get: (key) => cells.get(key)?.value,
    set(key, value) {
      const cell = cells.get(key);
      if (cell) cell.value = value;
      else cells.set(key, { value });
    },
    delete(key) {
      const cell = cells.get(key);
      if (cell) cell.value = undefined;
      cells.delete(key);
    },
    values: () => [...cells.values()].flatMap(({ value }) => (value === undefined ? [] : [value])),
  };
}
