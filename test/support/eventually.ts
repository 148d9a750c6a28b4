import { setTimeout as delay } from "node:timers/promises";

/**
 * Runs an assertion until it succeeds and returns its result. After the deadline it throws the last error. Tests wait
 * with this function: as long as needed, and never for a fixed time.
 */
export async function eventually<T>(
  assertion: () => T | Promise<T>,
  options: { timeoutMs?: number; intervalMs?: number } = {},
): Promise<T> {
  const { timeoutMs = 25_000, intervalMs = 20 } = options;
  const begun = Date.now();
  const deadline = begun + timeoutMs;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      // A look costs a request or a query. Waits become a tenth longer at most, and cost a tenth less processor time.
      await delay(Math.max(intervalMs, Math.min(250, (Date.now() - begun) / 10)));
    }
  }
}
