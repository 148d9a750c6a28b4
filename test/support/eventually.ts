import { setTimeout as delay } from "node:timers/promises";

/**
 * Runs an assertion until it holds and returns what it returned; after the deadline throws what it last threw. How tests
 * wait: as long as needed, no longer, and never for a fixed time.
 */
export async function eventually<T>(
  assertion: () => T | Promise<T>,
  options: { timeoutMs?: number; intervalMs?: number } = {},
): Promise<T> {
  const { timeoutMs = 25_000, intervalMs = 20 } = options;
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await delay(intervalMs);
    }
  }
}
