/** The current problems, each under its source, so that success in one place does not hide a failure in another. */
export interface Troubles {
  /** Null removes the problem. */
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
