/** Maximum time of a timer, 24.8 days. A longer one would fire at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** Resolves after `ms`, or at once when the signal aborts. Never rejects; the caller handles an abort. */
export function wait(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, Math.min(ms, LONGEST_MS));
    signal?.addEventListener("abort", end, { once: true });
  });
}
