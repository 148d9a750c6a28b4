/** What is wrong with a channel at the moment, by where it goes wrong, so that one success does not hide another's failure. */
export function createTroubles(report: (error: string | null) => void) {
  const current = new Map<string, string>();
  let reported: string | null = null;
  return {
    set(where: string, words: string | null): void {
      if (words === null) current.delete(where);
      else current.set(where, words);
      const all = current.size === 0 ? null : [...new Set(current.values())].join("; ");
      if (all !== reported) report(all);
      reported = all;
    },
  };
}

export type Troubles = ReturnType<typeof createTroubles>;
