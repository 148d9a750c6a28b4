import type { Logger } from "../core/process/logger.ts";
import { wait } from "../core/time/wait.ts";
import { retryDuringOutage } from "../storage/retry-during-outage.ts";
import type { IdempotencyRepository } from "./idempotency-repository.ts";

/** Time that a caller waits for an unreachable database, in milliseconds. */
const CALLER_MS = 1_000;
/** Time for attempts to release an unprocessed request, in milliseconds. After it, the claim has expired anyway. */
const RELEASE_MS = 30_000;

/**
 * Wraps the rows of repeatable requests for times when the database is unreachable. A claim or an answer is retried at
 * once. A release never fails, so that a repetition does not wait for a call that is over.
 */
export function createRetryingIdempotency(
  rows: IdempotencyRepository,
  { giveUp, log }: { giveUp: AbortSignal; log: Logger },
): Omit<IdempotencyRepository, "sweep"> {
  const forCaller = { patienceMs: CALLER_MS, signal: giveUp };
  return {
    claim: (...request) => retryDuringOutage(() => rows.claim(...request), forCaller),
    renew: rows.renew,
    answer: (...answer) => retryDuringOutage(() => rows.answer(...answer), forCaller),
    async release(...request) {
      const done = new AbortController();
      const released = retryDuringOutage(() => rows.release(...request), {
        patienceMs: RELEASE_MS,
        signal: giveUp,
      }).catch((error: unknown) => log.warn({ err: error }, "could not release a repeatable request"));
      await Promise.race([released, wait(CALLER_MS, done.signal)]);
      done.abort();
    },
  };
}
