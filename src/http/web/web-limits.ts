import { createRateLimit, type RateLimit } from "../rate-limit.ts";

/** What one visitor or one network address may do in one process. */
export interface WebLimits {
  visitorsPerAddress: RateLimit;
  sessionsPerVisitor: RateLimit;
  messagesPerVisitor: RateLimit;
  uploadsPerVisitor: RateLimit;
  uploadsPerAddress: RateLimit;
  /** Open streams at a time. */
  streamsPerVisitor: number;
  streamsPerAddress: number;
}

/** Generous to people, also to many behind one address; of no use to a script. */
export function createWebLimits(now: () => number = Date.now): WebLimits {
  return {
    visitorsPerAddress: createRateLimit({ burst: 300, perMinute: 300 }, now),
    sessionsPerVisitor: createRateLimit({ burst: 30, perMinute: 30 }, now),
    messagesPerVisitor: createRateLimit({ burst: 60, perMinute: 120 }, now),
    uploadsPerVisitor: createRateLimit({ burst: 20, perMinute: 10 }, now),
    uploadsPerAddress: createRateLimit({ burst: 200, perMinute: 100 }, now),
    streamsPerVisitor: 12,
    streamsPerAddress: 1000,
  };
}

/** Says it to a visitor, whichever limit it was. */
export const TOO_FAST = "Too many requests. Slow down.";
