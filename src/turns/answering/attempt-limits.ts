import type { TurnSettings } from "../../core/session/agent-definition.ts";

/**
 * The minimum time of an attempt, even if the patience ends sooner. Shorter attempts would only add load to a service
 * in trouble.
 */
const SHORTEST_ATTEMPT_MS = 10_000;

/** The time that the user still waits for an answer to begin. */
export interface AttemptLimits {
  /** Maximum time of the next attempt without a sign of progress. */
  longestAttempt(): number;
  /** The pause before the next attempt; null if another attempt makes no sense. */
  pause(attempt: number, retryAfterMs: number | null): number | null;
}

/** @param passedMs the time that the user has waited. */
export function createAttemptLimits(turns: TurnSettings, passedMs: () => number): AttemptLimits {
  // One attempt may use all of it.
  const patienceMs = Math.max(turns.patienceMs, turns.timeoutMs);
  return {
    longestAttempt: () => Math.max(patienceMs - passedMs(), Math.min(turns.timeoutMs, SHORTEST_ATTEMPT_MS)),
    pause(attempt, retryAfterMs) {
      const pauseMs = retryAfterMs ?? turns.backoffMs * 2 ** (attempt - 1);
      const left = patienceMs - passedMs();
      const most = retryAfterMs === null ? left : Math.min(left, turns.timeoutMs);
      return pauseMs <= most ? pauseMs : null;
    },
  };
}
