import type { Watched } from "./feed-changes-repository.ts";

/** The open executions, deliveries and handoffs whose changes are looked for by id. If there are too many, it forgets the oldest. */
export function createWatchedRows(most: number) {
  const watched: Record<keyof Watched, Set<string>> = {
    executions: new Set(),
    deliveries: new Set(),
    handoffs: new Set(),
  };
  return {
    /** `open`: false ends the watch. */
    note(kind: keyof Watched, id: string, open: boolean): void {
      watched[kind].delete(id);
      if (open) watched[kind].add(id);
      const [oldest] = watched[kind];
      if (watched[kind].size > most && oldest !== undefined) watched[kind].delete(oldest);
    },
    ids: (): Watched => ({
      executions: [...watched.executions],
      deliveries: [...watched.deliveries],
      handoffs: [...watched.handoffs],
    }),
  };
}
