import { assertNever } from "../core/assert-never.ts";
import type { SendResult } from "../core/message/outbound.ts";
import type { AttemptRecord } from "./attempt-repository.ts";

export interface RetryRules {
  /** Maximum attempts before a delivery is given up. */
  maxAttempts: number;
  /** Maximum attempts while every outcome is unknown, because each further one may be a duplicate. */
  maxUnknownAttempts: number;
  /** The first delay, milliseconds; doubles with each attempt. */
  baseMs: number;
  maxMs: number;
}

export const RETRY_RULES: RetryRules = {
  maxAttempts: 12,
  maxUnknownAttempts: 3,
  baseMs: 1_000,
  maxMs: 5 * 60_000,
};

/** A platform that asks for a longer pause is asked again after this time, milliseconds. */
const LONGEST_PAUSE_MS = 24 * 60 * 60_000;

/** The result with a pause that timers and the database can hold: whole milliseconds, and a day at most. */
export function withUsablePause<Result extends SendResult>(result: Result): Result {
  if (!("afterMs" in result) || result.afterMs === undefined) return result;
  const { afterMs, ...rest } = result;
  if (Number.isNaN(afterMs)) return rest as Result;
  return { ...result, afterMs: Math.min(LONGEST_PAUSE_MS, Math.max(0, Math.ceil(afterMs))) };
}

type Decision = Omit<AttemptRecord, "id" | "attempts">;

/** Decides the record of an attempt and the time of the next one. Pure; `random` in [0, 1) spreads the retries. */
export function decideRetry(
  result: SendResult,
  attempts: number,
  rules: RetryRules,
  random: () => number,
): Decision {
  const none = { externalIds: [], errorCode: null, error: null, retryInMs: null, address: null };
  switch (result.kind) {
    case "sent":
      return {
        ...none,
        status: result.state ?? "sent",
        externalIds: result.externalIds,
        errorCode: result.note?.code ?? null,
        error: result.note?.reason ?? null,
      };
    case "parked":
      // Becomes due again when the user writes.
      return {
        ...none,
        status: "queued",
        errorCode: result.code,
        error: result.reason,
        uncounted: true,
        refused: result.refused ?? false,
      };
    case "failed":
      return { ...none, status: "failed", errorCode: result.code, error: result.reason };
    case "moved":
      return { ...none, status: "queued", address: result.address, retryInMs: 0 };
    case "unknown": {
      const again = attempts < rules.maxUnknownAttempts;
      const retryInMs = again ? Math.max(result.afterMs ?? 0, backoff(attempts, rules, random)) : null;
      return { ...none, status: "unknown", errorCode: result.code, error: result.reason, retryInMs };
    }
    case "retry":
      return { ...none, ...afterRetry(result, attempts, rules, random) };
    default:
      return assertNever(result, "send result");
  }
}

/** A platform that asks for a delay is no reason to give up, so only failures without a time count. */
function afterRetry(
  { code: errorCode, reason, afterMs }: Extract<SendResult, { kind: "retry" }>,
  attempts: number,
  rules: RetryRules,
  random: () => number,
) {
  if (afterMs === undefined && attempts >= rules.maxAttempts) {
    const error = `gave up after ${attempts} attempts: ${reason}`;
    return { status: "failed", errorCode, error } as const;
  }
  const retryInMs = afterMs ?? backoff(attempts, rules, random);
  return { status: "queued", errorCode, error: reason, retryInMs } as const;
}

function backoff(attempts: number, rules: RetryRules, random: () => number): number {
  const full = Math.min(rules.maxMs, rules.baseMs * 2 ** (attempts - 1));
  return Math.round(full / 2 + (full / 2) * random());
}
