/** How many of something one caller may hold open at a time, in this process. */
export interface OpenLimit {
  /** What ends it, to be called once it is closed; null: one too many. */
  open(name: string): (() => void) | null;
}

export function createOpenLimit(most: number): OpenLimit {
  const counts = new Map<string, number>();
  return {
    open(name) {
      const count = counts.get(name) ?? 0;
      if (count >= most) return null;
      counts.set(name, count + 1);
      let isOpen = true;
      return () => {
        if (!isOpen) return;
        isOpen = false;
        const left = (counts.get(name) ?? 1) - 1;
        if (left > 0) counts.set(name, left);
        else counts.delete(name);
      };
    },
  };
}
