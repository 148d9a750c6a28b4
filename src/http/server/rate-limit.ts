import { RequestError } from "../../core/faults/errors.ts";

/** Returns the time that a caller must wait, milliseconds. 0: the call is within the limit and now counts. */
export interface RateLimit {
  take(name: string): number;
  /** Removes the last count, because the call did not count after all. */
  giveBack(name: string): void;
}

export interface RateLimitSettings {
  /** The long-term rate of a caller. */
  perMinute: number;
  /** The number of calls at once after a quiet time. */
  burst: number;
}

/** A rate per minute. The burst equals five seconds of it. */
export function perMinute(count: number): RateLimitSettings {
  return { perMinute: count, burst: Math.max(1, Math.ceil(count / 12)) };
}

/** Counts one call against the limit. Throws a 429 with the time to wait. */
export function requireRate(limit: RateLimit, name: string, message: string): void {
  const waitMs = limit.take(name);
  if (waitMs > 0) throw tooMany("rate_limited", message, Math.ceil(waitMs / 1000));
}

/** The 429 with the time to wait. */
export function tooMany(code: string, message: string, retryAfterSeconds: number): RequestError {
  return new RequestError(429, code, message, {
    details: { retry_after: retryAfterSeconds },
    headers: { "Retry-After": String(retryAfterSeconds) },
  });
}

/**
 * Maximum number of names. Beyond it, the name quiet for the longest time is removed, and so has a full bucket again.
 */
const NAMES = 100_000;

/** A token bucket per name, in this process. The limit protects the process that it runs in. */
export function createRateLimit(settings: RateLimitSettings, now: () => number): RateLimit {
  const perMs = settings.perMinute / 60_000;
  // In order of last use: taking from a bucket moves it to the end.
  const buckets = new Map<string, { tokens: number; at: number }>();

  function forgetQuietest(): void {
    const [quietest] = buckets.keys();
    if (quietest !== undefined) buckets.delete(quietest);
  }

  return {
    take(name) {
      const at = now();
      const bucket = buckets.get(name) ?? { tokens: settings.burst, at };
      // A clock that is set back must not take away what is there.
      const quietMs = Math.max(0, at - bucket.at);
      const tokens = Math.min(settings.burst, bucket.tokens + quietMs * perMs);
      buckets.delete(name);
      buckets.set(name, { tokens: tokens >= 1 ? tokens - 1 : tokens, at });
      if (buckets.size > NAMES) forgetQuietest();
      return tokens >= 1 ? 0 : Math.ceil((1 - tokens) / perMs);
    },
    giveBack(name) {
      const bucket = buckets.get(name);
      if (bucket) bucket.tokens = Math.min(settings.burst, bucket.tokens + 1);
    },
  };
}
