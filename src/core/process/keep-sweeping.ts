import { wait } from "../time/wait.ts";
import type { Logger } from "./logger.ts";

const SWEEP_MS = 60 * 60_000;

/** Removes old rows once an hour until the signal aborts. */
export async function keepSweeping(deps: {
  /** Returns the number of removed rows. */
  sweep(stop: AbortSignal): Promise<number>;
  /** The lines of the log after a sweep that removed something, and after one that failed. */
  said: { swept: string; failed: string };
  stopping: AbortSignal;
  log: Logger;
}): Promise<void> {
  const { sweep, said, stopping, log } = deps;
  while (!stopping.aborted) {
    try {
      const swept = await sweep(stopping);
      if (swept > 0) log.info({ swept }, said.swept);
    } catch (error) {
      log.warn({ err: error }, said.failed);
    }
    await wait(SWEEP_MS, stopping);
  }
}
