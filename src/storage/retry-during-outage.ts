import { isDatabaseOutage } from "../core/faults/database-outage.ts";
import { monotonicMs } from "../core/time/monotonic.ts";
import { wait } from "../core/time/wait.ts";

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

/** Repeats a statement while the database is unreachable. Use it only for statements that are safe to repeat. */
export async function retryDuringOutage<T>(
  task: () => Promise<T>,
  { patienceMs, signal }: { patienceMs: number; signal: AbortSignal },
): Promise<T> {
  const deadline = monotonicMs() + patienceMs;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    try {
      return await task();
    } catch (error) {
      if (!isDatabaseOutage(error) || signal.aborted || monotonicMs() > deadline) throw error;
      await wait(pause, signal);
    }
  }
}
