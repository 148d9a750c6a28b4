/** What is wrong with a channel at the moment, by where it goes wrong, so that one success does not hide another's failure. */
export interface Troubles {
  set(where: string, words: string): void;
  clear(where: string): void;
}

export function createTroubles(report: (error: string | null) => void): Troubles {
  const current = new Map<string, string>();
  let reported: string | null = null;
  const publish = () => {
    const words = current.size === 0 ? null : [...new Set(current.values())].join("; ");
    if (words !== reported) report(words);
    reported = words;
  };
  return {
    set(where, words) {
      current.set(where, words);
      publish();
    },
    clear(where) {
      if (current.delete(where)) publish();
    },
  };
}
