/**
 * A cheap replacement for `AbortController`, for work that starts with every message and is rarely aborted. The signal
 * costs more than all other objects at the start of a short turn. So it is created only on first use.
 */
export interface Stop {
  /** Aborts with the same reason. If the stop was already aborted, the signal is aborted too. */
  readonly signal: AbortSignal;
  /** The reason of the abort; null if there was none. */
  readonly why: { reason: unknown } | null;
  /** Only the first call counts. */
  abort(reason: unknown): void;
  /** Adds a listener for a later abort. Returns the function that removes the listener. */
  onAbort(listener: (reason: unknown) => void): () => void;
}

export function createStop(): Stop {
  const listeners = new Set<(reason: unknown) => void>();
  let controller: AbortController | null = null;
  let why: Stop["why"] = null;
  return {
    get signal() {
      controller ??= new AbortController();
      if (why) controller.abort(why.reason);
      return controller.signal;
    },
    get why() {
      return why;
    },
    abort(reason) {
      if (why) return;
      why = { reason };
      controller?.abort(reason);
      for (const listener of listeners) listener(reason);
    },
    onAbort(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
