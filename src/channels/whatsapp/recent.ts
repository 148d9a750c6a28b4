/** Remembers something about the keys used last, at most `limit` of them. */
export interface Recent {
  get(key: string): string | undefined;
  set(key: string, value: string): void;
}

export function createRecent(limit: number): Recent {
  const values = new Map<string, string>();
  return {
    get: (key) => values.get(key),
    set(key, value) {
      // Put in again at the end: the first one is always the oldest.
      values.delete(key);
      values.set(key, value);
      const [oldest] = values.keys();
      if (values.size > limit && oldest !== undefined) values.delete(oldest);
    },
  };
}
