import { wait } from "../../core/time/wait.ts";

/** A bot that answers faster needs no indicator, milliseconds. Counted from the time when a turn counts as long. */
const TYPING_DELAY_MS = 350;

/** Shows the typing indicator after a short delay and keeps it visible until the signal aborts. */
export async function keepTyping(
  show: (signal: AbortSignal) => Promise<void>,
  refreshMs: number,
  over: AbortSignal,
): Promise<void> {
  await wait(TYPING_DELAY_MS, over);
  while (!over.aborted) {
    await show(over);
    await wait(refreshMs, over);
  }
}
