import { RequestError } from "../core/errors.ts";

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
  if (waitMs > 0) throw tooMany("rate_limited", message, Math.ceil(waitMs / 1000));
}

/** The 429 that says when to come back. */
export function tooMany(code: string, message: string, retryAfterSeconds: number): RequestError {
  return new RequestError(429, code, message, {
    details: { retry_after: retryAfterSeconds },
    headers: { "Retry-After": String(retryAfterSeconds) },
  });
}

/** Beyond this many names, whoever has been quiet for longest is forgotten, and so has a full bucket again. */
const NAMES = 50_000;

/** A token bucket per name, in this process: a limit that protects the process it stands in. */
export function createRateLimit(settings: RateLimitSettings, now: () => number): RateLimit {
  const perMs = settings.perMinute / 60_000;
  // In order of last use: taking from a bucket puts it at the end.
  const buckets = new Map<string, { tokens: number; at: number }>();

  function forgetQuietest(): void {
    const [quietest] = buckets.keys();
    if (quietest !== undefined) buckets.delete(quietest);
  }

  return {
    take(name) {
      const at = now();
      const bucket = buckets.get(name) ?? { tokens: settings.burst, at };
      const tokens = Math.min(settings.burst, bucket.tokens + (at - bucket.at) * perMs);
      buckets.delete(name);
      buckets.set(name, { tokens: tokens >= 1 ? tokens - 1 : tokens, at });
      if (buckets.size > NAMES) forgetQuietest();
      return tokens >= 1 ? 0 : Math.ceil((1 - tokens) / perMs);
    },
  };
}
