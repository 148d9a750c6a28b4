/** What is wrong at the moment, by where it goes wrong, so that one success does not hide another's failure. */
export interface Troubles {
  /** Null where nothing is wrong there any more. */
  set(where: string, words: string | null): void;
}

export function createTroubles(report: (error: string | null) => void): Troubles {
  const current = new Map<string, string>();
  let reported: string | null = null;
  return {
    set(where, words) {
      if (words === null) current.delete(where);
      else current.set(where, words);
      const all = current.size === 0 ? null : [...new Set(current.values())].join("; ");
      if (all !== reported) report(all);
      reported = all;
    },
  };
}
