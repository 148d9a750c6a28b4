import { createPassingMap } from "../core/passing-map.ts";
import { createStop } from "../core/stop.ts";
import { wait } from "../core/wait.ts";
import { createAnswering } from "./answer-batch.ts";
import { TurnStopped } from "./run-attempt.ts";
import { createLaneRunner } from "./run-lane.ts";
import { laneOf, type Running, type TurnEngineDeps } from "./turn-deps.ts";
import type { Lane, PendingMessage } from "./turn-repository.ts";

export type TurnEngine = ReturnType<typeof createTurnEngine>;

/** Runs the lanes this process holds: one turn at a time each, in arrival order. */
export function createTurnEngine(deps: TurnEngineDeps) {
  const lanes = createPassingMap<string, Running>();
  const work = new Set<Promise<void>>();
  let draining = false;
  const runLane = createLaneRunner(deps, {
    answering: createAnswering(deps),
    draining: () => draining,
    begin,
  });

  /** Takes over a lane this process has just been given; `pending` is what waits there, where that is known. */
  function begin(lane: Lane, pending: PendingMessage[] | null): void {
    // A message stored behind a reset may have begun the very lane that the reset is about to hand over: the same lease
    // is one lane, and whoever works on it looks again before it lets go.
    if (lanes.get(lane.sessionId)?.lane.leaseToken === lane.leaseToken) return;
    const running: Running = {
      lane,
      stop: createStop(),
      batch: null,
      policy: "queue",
      outdated: false,
    };
    lanes.set(lane.sessionId, running);
    const done = runLane(running, pending)
      .catch((error: unknown) => {
        // The lease runs out and the reconciler brings the lane back: nothing is lost, only late.
        deps.log.error({ err: error, session_id: lane.sessionId }, "a turn could not be carried out");
      })
      .finally(() => {
        if (lanes.get(lane.sessionId) === running) lanes.delete(lane.sessionId);
        work.delete(done);
      });
    work.add(done);
  }

  return {
    begin,
    holds: (sessionId: string, leaseToken?: number) => {
      const running = lanes.get(sessionId);
      return running !== undefined && (leaseToken === undefined || running.lane.leaseToken === leaseToken);
    },
    size: lanes.size,
    held: () => [...lanes.values()].map((running) => laneOf(running.lane)),
    runningExecutions: () =>
      [...lanes.values()].flatMap((running) =>
        running.batch?.kind === "turn" ? [running.batch.messages.at(-1)?.executionId ?? ""] : [],
      ),

    /** Looks for something that waits in a session and answers it, unless somebody does already. */
    async wake(sessionId: string): Promise<void> {
      if (draining || lanes.has(sessionId)) return;
      const lane = await deps.repository.claim(sessionId);
      if (lane) begin(lane, null);
    },

    /** A new message arrived in a session whose turn runs here: under `interrupt` it is aborted. */
    interrupt(sessionId: string): void {
      const running = lanes.get(sessionId);
      if (!running) return;
      if (running.batch?.kind !== "turn") running.outdated = true;
      else if (running.policy === "interrupt" && running.batch.messages[0].origin === "user") {
        running.stop.abort(new TurnStopped("interrupted"));
      }
    },

    /** Stops the turn of an execution if it runs here. */
    cancel(executionId: string): void {
      for (const running of lanes.values()) {
        if (running.batch?.kind !== "turn") continue;
        if (running.batch.messages.some((message) => message.executionId === executionId)) {
          running.stop.abort(new TurnStopped("cancelled"));
        }
      }
    },

    /** The lease of a session is gone: whatever runs must not write. */
    lost(sessionId: string): void {
      lanes.get(sessionId)?.stop.abort(new TurnStopped("lease_lost"));
    },

    /** Lets running turns finish for up to `graceMs`, then hands the rest back. */
    async drain(graceMs: number): Promise<void> {
      draining = true;
      const grace = new AbortController();
      await Promise.race([Promise.allSettled([...work]), wait(graceMs, grace.signal)]);
      grace.abort();
      for (const running of lanes.values()) running.stop.abort(new TurnStopped("shutdown"));
      await Promise.allSettled([...work]);
    },
  };
}
