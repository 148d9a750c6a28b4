import type { AdmissionLimit } from "../../core/process/admission-limit.ts";
import { monotonicMs } from "../../core/time/monotonic.ts";
import { type Attempts, createAttempts } from "../server/attempts.ts";
import { createOpenLimit, type OpenLimit } from "../server/open-limit.ts";
import {
  createRateLimit,
  type RateLimit,
  type RateLimitSettings,
  requireRate,
} from "../server/rate-limit.ts";

/** Rates of all visitors of one network address together. */
export interface AddressRates {
  visitors: RateLimitSettings;
  sessions: RateLimitSettings;
  messages: RateLimitSettings;
  /** Tries with wrong tokens. */
  wrongTokens: RateLimitSettings;
}

/** Limits of one visitor or one network address in one process. */
export interface WebLimits {
  visitorsPerAddress: RateLimit;
  /** All requests with a token. */
  callsPerVisitor: RateLimit;
  callsPerAddress: RateLimit;
  /** Tries with wrong tokens. */
  tokens: Attempts;
  sessionsPerVisitor: RateLimit;
  sessionsPerAddress: RateLimit;
  messagesPerVisitor: RateLimit;
  messagesPerAddress: RateLimit;
  uploadsPerVisitor: RateLimit;
  uploadsPerAddress: RateLimit;
  /** Maximum number of files read at the same time. */
  downloadsPerVisitor: OpenLimit;
  /** Maximum number of open streams. */
  streamsPerVisitor: number;
  streamsPerAddress: number;
  /** Places for streams that all visitors and API keys share. */
  streamRoom: AdmissionLimit;
}

/** High enough for people, also for many behind one address, but too low for a script. */
export function createWebLimits(
  rates: AddressRates,
  streamRoom: AdmissionLimit,
  now: () => number = monotonicMs,
): WebLimits {
  return {
    visitorsPerAddress: createRateLimit(rates.visitors, now),
    callsPerVisitor: createRateLimit({ burst: 600, perMinute: 3_000 }, now),
    callsPerAddress: createRateLimit({ burst: 3_000, perMinute: 12_000 }, now),
    tokens: createAttempts(createRateLimit(rates.wrongTokens, now)),
    sessionsPerVisitor: createRateLimit({ burst: 30, perMinute: 30 }, now),
    sessionsPerAddress: createRateLimit(rates.sessions, now),
    messagesPerVisitor: createRateLimit({ burst: 60, perMinute: 120 }, now),
    messagesPerAddress: createRateLimit(rates.messages, now),
    uploadsPerVisitor: createRateLimit({ burst: 20, perMinute: 10 }, now),
    uploadsPerAddress: createRateLimit({ burst: 200, perMinute: 100 }, now),
    downloadsPerVisitor: createOpenLimit(30),
    streamsPerVisitor: 12,
    streamsPerAddress: 1000,
    streamRoom,
  };
}

/** The message to a visitor for any of the limits. */
export const TOO_FAST = "Too many requests. Slow down.";

/**
 * Counts one call against the visitor, and against the address if the visitor is anonymous. An address can create any
 * number of anonymous visitors. The site confirms the other visitors, so their neighbours do not affect them.
 */
export function requireVisitorRate(
  limits: { visitor: RateLimit; address: RateLimit },
  visitor: { id: string; anonymous: boolean },
  address: string,
): void {
  requireRate(limits.visitor, visitor.id, TOO_FAST);
  if (visitor.anonymous) requireRate(limits.address, address, TOO_FAST);
}
