import type { Lane, PendingMessage } from "./turn-repository.ts";

/** One stored message, as far as lanes are concerned. */
export interface Arrival {
  lane: Lane;
  /** Whether the lane belongs to this process. */
  owned: boolean;
  /** Everything up to here needs no answer: tells whether the arrivals are all that waits. */
  answeredSeq: number;
  message: PendingMessage;
}

export interface LaneStarter {
  holds(sessionId: string, leaseToken: number): boolean;
  begin(lane: Lane, pending: PendingMessage[] | null): void;
  interrupt(sessionId: string): void;
}

/**
 * Starts a turn at once in every lane that a commit gave to this process: no queue stands between a stored message
 * and its answer. Lanes of others are left to them (they look again before they release), or to a worker's job.
 */
export function dispatchArrivals(
  arrivals: readonly Arrival[],
  deps: {
    engine: LaneStarter;
    runsTurns: boolean;
    interruptElsewhere(sessionId: string): void;
    enqueue(sessionId: string): void;
  },
): void {
  const bySession = new Map<string, [Arrival, ...Arrival[]]>();
  for (const arrival of arrivals) {
    const known = bySession.get(arrival.lane.sessionId);
    if (known) known.push(arrival);
    else bySession.set(arrival.lane.sessionId, [arrival]);
  }
  for (const [sessionId, group] of bySession) {
    const first = group[0];
    if (!deps.runsTurns) {
      deps.interruptElsewhere(sessionId);
      deps.enqueue(sessionId);
    } else if (!first.owned) {
      deps.interruptElsewhere(sessionId);
    } else if (deps.engine.holds(sessionId, first.lane.leaseToken)) {
      deps.engine.interrupt(sessionId);
    } else {
      const complete = first.answeredSeq === first.message.seq - 1;
      deps.engine.begin(first.lane, complete ? group.map((arrival) => arrival.message) : null);
    }
  }
}
