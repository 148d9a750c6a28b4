import { createRateLimit, type RateLimit } from "./rate-limit.ts";

/** What one visitor or one network address may do in one process. */
export interface WebLimits {
  visitorsPerAddress: RateLimit;
  sessionsPerVisitor: RateLimit;
  messagesPerVisitor: RateLimit;
  /** Open streams at a time. */
  streamsPerVisitor: number;
  streamsPerAddress: number;
}

/** Generous to people, also to many behind one address; of no use to a script. */
export function createWebLimits(now: () => number = Date.now): WebLimits {
  return {
    visitorsPerAddress: createRateLimit({ burst: 300, perSecond: 5, now }),
    sessionsPerVisitor: createRateLimit({ burst: 30, perSecond: 0.5, now }),
    messagesPerVisitor: createRateLimit({ burst: 60, perSecond: 2, now }),
    streamsPerVisitor: 12,
    streamsPerAddress: 1000,
  };
}
