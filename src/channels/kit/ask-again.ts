import { createBackoff } from "../../core/time/backoff.ts";

/** The longest pause between two questions, milliseconds. */
const LONGEST_PAUSE_MS = 5 * 60_000;

/** The reason why a question had no good answer, for an operator. */
export interface Trouble {
  words: string;
  /** The pause that the platform asked for. */
  waitMs?: number;
}

/**
 * Asks a platform again, with growing pauses, until it answers well or the signal aborts. `onTrouble` gets each
 * problem, and null when the problem ends.
 */
export async function askAgain(
  ask: () => Promise<Trouble | null>,
  onTrouble: (words: string | null) => void,
  signal: AbortSignal,
): Promise<void> {
  const backoff = createBackoff(LONGEST_PAUSE_MS, signal);
  while (!signal.aborted) {
    const trouble = await ask();
    if (signal.aborted) return;
    onTrouble(trouble?.words ?? null);
    if (trouble === null) return;
    await backoff.wait(trouble.waitMs);
  }
}
