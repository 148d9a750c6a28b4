import { wait } from "./wait.ts";

/** Delays that double from one second to `maxMs`. A delay resolves at once when the signal aborts. */
export function createBackoff(maxMs: number, signal: AbortSignal) {
  let nextMs = 1000;
  return {
    reset() {
      nextMs = 1000;
    },
    /** Waits the next interval, or at least as long as the platform asked for. */
    async wait(atLeastMs = 0): Promise<void> {
      const delayMs = Math.max(nextMs, atLeastMs);
      nextMs = Math.min(nextMs * 2, maxMs);
      await wait(delayMs, signal);
    },
  };
}
