/**
 * What an `AbortController` does, for what begins with every message and is hardly ever stopped. The signal, which costs
 * more than all else that a short turn begins with, is made when somebody asks for it.
 */
export interface Stop {
  /** Aborts with the same reason; already has where it is asked for afterwards. */
  readonly signal: AbortSignal;
  /** Why it was aborted; null while it was not. */
  readonly why: { reason: unknown } | null;
  /** Only the first time counts. */
  abort(reason: unknown): void;
  /** Calls when it is aborted from now on. Returns what takes the listener away. */
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
