import { isDatabaseOutage } from "../../core/faults/database-outage.ts";
import { wait } from "../../core/time/wait.ts";

/** Pauses between two attempts of a turn during a database outage, milliseconds: the first, and the longest. */
const PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

interface InterruptedWork {
  /** The work, the first time. */
  begin(): Promise<unknown>;
  /** The work again, after a pause. */
  repeat(): Promise<unknown>;
  onOutage(error: unknown): void;
  /** Aborts when nobody waits any more. */
  giveUp: AbortSignal;
}

/** A database outage pauses the work and does not end it. Throws the error of the outage if it lasts too long. */
export async function despiteOutages({ begin, repeat, onOutage, giveUp }: InterruptedWork): Promise<void> {
  let failure = await outageIn(begin);
  if (failure === null) return;
  onOutage(failure);
  for (let pause = PAUSE_MS; failure !== null; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    await wait(pause, giveUp);
    if (giveUp.aborted) throw failure;
    failure = await outageIn(repeat);
  }
}

/** The error of a task that failed in a database outage; null if it succeeded. */
async function outageIn(task: () => Promise<unknown>): Promise<unknown> {
  try {
    await task();
    return null;
  } catch (error) {
    if (isDatabaseOutage(error)) return error;
    throw error;
  }
}
