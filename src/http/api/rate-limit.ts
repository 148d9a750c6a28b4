import { RequestError } from "../../core/errors.ts";

/** Says how long a caller has to wait, milliseconds; 0 where the call is within the limit and now counts. */
export interface RateLimit {
  take(name: string): number;
}

export interface RateLimitSettings {
  /** What a caller may do in the long run. */
  perMinute: number;
  /** What it may do at once after a quiet while. */
  burst: number;
}

/** So many a minute, and what five seconds of it amount to at once. */
export function perMinute(count: number): RateLimitSettings {
  return { perMinute: count, burst: Math.max(1, Math.ceil(count / 12)) };
}

/** Counts one against the limit; throws the 429 that says when to come back. */
export function requireRate(limit: RateLimit, name: string, message: string): void {
  const waitMs = limit.take(name);
  if (waitMs === 0) return;
  const seconds = Math.ceil(waitMs / 1000);
  throw new RequestError(429, "rate_limited", message, {
    details: { retry_after: seconds },
    headers: { "Retry-After": String(seconds) },
  });
}

export const KEY_RATE_EXCEEDED = "This API key makes too many requests. Try again later.";
export const USER_RATE_EXCEEDED = "This user sends too many messages. Try again later.";

const SWEEP_AT = 10_000;

/** A token bucket per name, in this process: a limit that protects the process it stands in. */
export function createRateLimit(settings: RateLimitSettings, now: () => number): RateLimit {
  const perMs = settings.perMinute / 60_000;
  const buckets = new Map<string, { tokens: number; at: number }>();

  const filled = (bucket: { tokens: number; at: number }, at: number): number =>
    Math.min(settings.burst, bucket.tokens + (at - bucket.at) * perMs);

  /** A full bucket says the same as none. */
  function sweep(at: number): void {
    for (const [name, bucket] of buckets) if (filled(bucket, at) >= settings.burst) buckets.delete(name);
  }

  return {
    take(name) {
      const at = now();
      if (buckets.size > SWEEP_AT) sweep(at);
      const bucket = buckets.get(name) ?? { tokens: settings.burst, at };
      const tokens = filled(bucket, at);
      buckets.set(name, { tokens: tokens >= 1 ? tokens - 1 : tokens, at });
      return tokens >= 1 ? 0 : Math.ceil((1 - tokens) / perMs);
    },
  };
}
