/** What a `Map` does, for values that come and go with every message. */
export interface PassingMap<K, V> {
  size(): number;
  has(key: K): boolean;
  get(key: K): V | undefined;
  set(key: K, value: V): void;
  delete(key: K): void;
  values(): V[];
}

/**
 * A map that lets go of what is deleted at once. A `Map` makes itself anew every so many changes, and each of its old tables
 * holds on to what was in it then and to the table after it; an old one that lasts until the whole heap is collected keeps
 * all of them, and with them most of what passed through. Here what they hold are empty cells.
 */
export function createPassingMap<K, V>(): PassingMap<K, V> {
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
