import type { Request } from "express";
import { RequestError } from "../../core/errors.ts";

/** A token bucket per key. */
export interface RateLimit {
  /** Takes one; seconds to wait where there is none. */
  take(key: string): { ok: true } | { ok: false; retryAfterSeconds: number };
}

/** Beyond this many keys the fullest buckets' owners are forgotten, which costs them nothing. */
const MAX_KEYS = 50_000;

export function createRateLimit(options: { burst: number; perSecond: number; now: () => number }): RateLimit {
  const { burst, perSecond, now } = options;
  const buckets = new Map<string, { left: number; at: number }>();

  function forgetIdle(time: number): void {
    for (const [key, bucket] of buckets) {
      if (bucket.left + ((time - bucket.at) / 1000) * perSecond >= burst) buckets.delete(key);
    }
    // A flood of new keys: the oldest go, whatever they hold.
    for (const key of buckets.keys()) {
      if (buckets.size < MAX_KEYS) break;
      buckets.delete(key);
    }
  }

  return {
    take(key) {
      const time = now();
      const known = buckets.get(key);
      if (!known && buckets.size >= MAX_KEYS) forgetIdle(time);
      const left = known ? Math.min(burst, known.left + ((time - known.at) / 1000) * perSecond) : burst;
      if (left < 1) return { ok: false, retryAfterSeconds: Math.ceil((1 - left) / perSecond) };
      buckets.set(key, { left: left - 1, at: time });
      return { ok: true };
    },
  };
}

/** Takes one or throws the 429 that says when to come back. */
export function requireRate(limit: RateLimit, key: string): void {
  const taken = limit.take(key);
  if (!taken.ok) throw tooMany("rate_limited", "Too many requests. Slow down.", taken.retryAfterSeconds);
}

export function tooMany(code: string, message: string, retryAfterSeconds: number): RequestError {
  return new RequestError(429, code, message, { headers: { "Retry-After": String(retryAfterSeconds) } });
}

/**
 * The caller's network address. Behind a proxy on this machine it is what that proxy saw, the last entry of
 * `X-Forwarded-For`; from anybody else the header is worth nothing.
 */
export function addressOf(request: Request): string {
  const peer = request.socket.remoteAddress ?? "";
  const isLoopback = peer === "::1" || peer.startsWith("127.") || peer.startsWith("::ffff:127.");
  const forwarded = isLoopback ? request.get("x-forwarded-for")?.split(",").at(-1)?.trim() : undefined;
  return forwarded || peer;
}
