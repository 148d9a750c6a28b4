import { wait } from "../core/wait.ts";

/** A bot that answers faster than this needs no indicator, milliseconds. */
const TYPING_DELAY_MS = 400;

/** Shows the typing indicator after a moment and keeps it alive until the signal aborts. */
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
