import type { Logger } from "../core/process/logger.ts";
import { wait } from "../core/time/wait.ts";

/** Interval of checks for old entries in the event log, milliseconds. */
const SWEEP_MS = 60 * 60_000;

/** Deletes old entries of the event log until the signal aborts. */
export async function keepSweeping(deps: {
  sweep(keepDays: number, stop: AbortSignal): Promise<number>;
  keepDays: number;
  stopping: AbortSignal;
  log: Logger;
}): Promise<void> {
  const { sweep, keepDays, stopping, log } = deps;
  while (!stopping.aborted) {
    try {
      const swept = await sweep(keepDays, stopping);
      if (swept > 0) log.info({ swept }, "forgot what event rules did long ago");
    } catch (error) {
      log.warn({ err: error }, "could not sweep the event log");
    }
    await wait(SWEEP_MS, stopping);
  }
}
