import type { PendingMessage } from "./pending-messages-repository.ts";
import type { Lane } from "./turn-repository.ts";

/** A stored message, with the data that lanes need. */
export interface Arrival {
  lane: Lane;
  /** True if the lane belongs to this process. */
  owned: boolean;
  /** Messages up to this seq need no answer. It shows if the arrivals are all that waits. */
  answeredSeq: number;
  message: PendingMessage;
}

export interface LaneStarter {
  holds(sessionId: string, leaseToken?: number): boolean;
  begin(lane: Lane, pending: PendingMessage[] | null): void;
  interrupt(sessionId: string, isReset: boolean): void;
}

/**
 * Starts a turn at once in every lane that a commit gave to this process. So no queue delays the answer. Lanes of other
 * processes are left to them, because they check again before they release. A process without turns leaves its lanes to
 * a worker's job.
 */
export function dispatchArrivals(
  arrivals: readonly Arrival[],
  deps: {
    engine: LaneStarter;
    runsTurns: boolean;
    interruptElsewhere(sessionId: string, isReset: boolean): void;
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
    const isReset = group.some(({ message }) => message.origin === "command");
    if (!deps.runsTurns) {
      deps.interruptElsewhere(sessionId, isReset);
      deps.enqueue(sessionId);
    } else if (!first.owned) {
      deps.interruptElsewhere(sessionId, isReset);
    } else if (deps.engine.holds(sessionId, first.lane.leaseToken)) {
      deps.engine.interrupt(sessionId, isReset);
    } else {
      const complete = first.answeredSeq === first.message.seq - 1;
      deps.engine.begin(first.lane, complete ? group.map((arrival) => arrival.message) : null);
    }
  }
}
