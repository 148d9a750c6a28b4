import type { Logger } from "../core/process/logger.ts";
import { monotonicMs } from "../core/time/monotonic.ts";
import { wait } from "../core/time/wait.ts";

/** Time in which the results of sends wait for an unavailable database, milliseconds. */
const PATIENCE_MS = 60_000;

/** Repeats a task until it succeeds, the time is over, or the process stops. */
export type Patiently = <T>(task: () => Promise<T>) => Promise<T>;

/**
 * Repeats a task during an outage of the database. Until the outage ends, only this process knows the platform's
 * answers.
 */
export function createPatience(shutdown: AbortSignal, log: Logger): Patiently {
  return async (task) => {
    const deadline = monotonicMs() + PATIENCE_MS;
    for (let pause = 100; ; pause = Math.min(2 * pause, 2_000)) {
      try {
        return await task();
      } catch (error) {
        if (shutdown.aborted || monotonicMs() > deadline) throw error;
        log.warn({ err: error }, "the state of deliveries could not be written; trying again");
        await wait(pause, shutdown);
      }
    }
  };
}
