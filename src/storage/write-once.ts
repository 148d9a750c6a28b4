import { isDatabaseOutage } from "../core/faults/database-outage.ts";
import { monotonicMs } from "../core/time/monotonic.ts";
import { wait } from "../core/time/wait.ts";
import { isUniqueViolation } from "./unique-violation.ts";

/** Settings for a write whose answer was lost: they tell the writer what happened to it. */
export interface LostAnswerOptions<T, R> {
  /**
   * Returns the result of each item that is already written, in order, and null for the others. Uses another
   * connection.
   */
  findWritten(items: T[]): Promise<(R | null)[]>;
  /** Time for which the database may be unreachable before the write fails, in milliseconds. */
  patienceMs: number;
  /** Stops the waiting. */
  signal?: AbortSignal;
}

const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 1_000;
/** Number of times that a write may conflict with its own earlier attempt. */
const MAX_SELF_CONFLICTS = 5;

/**
 * Writes items even if the connection loses the answer. It then looks for items that are already written, so that their
 * callers get results at once. It writes only the others again.
 * @param write writes all of its items or none.
 */
export async function writeOnce<T, R>(
  items: T[],
  write: (items: T[]) => Promise<R[]>,
  loss: LostAnswerOptions<T, R>,
): Promise<R[]> {
  try {
    return await write(items);
  } catch (error) {
    if (!isDatabaseOutage(error)) throw error;
    return await writeAgain(items, write, loss);
  }
}

async function writeAgain<T, R>(
  items: T[],
  write: (items: T[]) => Promise<R[]>,
  { findWritten, patienceMs, signal }: LostAnswerOptions<T, R>,
): Promise<R[]> {
  const results = new Map<T, R>();
  const deadline = monotonicMs() + patienceMs;
  let selfConflicts = 0;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    try {
      const open = items.filter((item) => !results.has(item));
      const known = await findWritten(open);
      open.forEach((item, index) => {
        const result = known[index] ?? null;
        if (result !== null) results.set(item, result);
      });
      const rest = open.filter((item) => !results.has(item));
      const written = rest.length === 0 ? [] : await write(rest);
      return items.map((item) => results.get(item) ?? resultAt(written, rest.indexOf(item)));
    } catch (error) {
      // A unique violation here means: the lost write was still running during the search, and has committed since.
      const conflictsWithItself = isUniqueViolation(error) && selfConflicts++ < MAX_SELF_CONFLICTS;
      if (!isDatabaseOutage(error) && !conflictsWithItself) throw error;
      if (signal?.aborted || monotonicMs() > deadline) throw error;
      await wait(pause, signal);
    }
  }
}

function resultAt<R>(results: readonly R[], index: number): R {
  if (index < 0 || index >= results.length) throw new RangeError(`a write returned no result ${index}`);
  // The index is in range, so it holds a result, also if R includes undefined.
  return results[index] as R;
}
