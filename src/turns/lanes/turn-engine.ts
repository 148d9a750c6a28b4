import { createShortLivedMap } from "../../core/process/short-lived-map.ts";
import { createStop } from "../../core/process/stop.ts";
import { wait } from "../../core/time/wait.ts";
import { createAnswering } from "../answering/answer-batch.ts";
import { TurnStopped } from "../answering/run-attempt.ts";
import { laneOf, type Running, type TurnEngineDeps } from "../answering/turn-deps.ts";
import { createHearing } from "../hearing/hear.ts";
import { despiteOutages } from "./despite-outages.ts";
import type { PendingMessage } from "./pending-messages-repository.ts";
import { createRecovery } from "./recover-lanes.ts";
import { createResetLimit } from "./reset-limit.ts";
import { createLaneRunner } from "./run-lane.ts";
import type { Lane } from "./turn-repository.ts";

export type TurnEngine = ReturnType<typeof createTurnEngine>;

/** Runs the lanes that this process holds, each one turn at a time, in arrival order. */
export function createTurnEngine(deps: TurnEngineDeps) {
  const lanes = createShortLivedMap<string, Running>();
  const work = new Set<Promise<void>>();
  let draining = false;
  const graceOver = new AbortController();
  const resetLimit = createResetLimit(deps.records.clock);
  const runLane = createLaneRunner(deps, {
    answering: createAnswering(deps, resetLimit),
    hear: createHearing(deps, resetLimit),
    draining: () => draining,
    begin,
  });

  /** Takes over a lane that this process has just got. `pending` are its waiting messages, if they are known. */
  function begin(lane: Lane, pending: PendingMessage[] | null): void {
    // A message stored after a reset may have begun the same lane that the reset is about to pass on. The same lease is
    // one lane, and its worker checks again before it releases. An older lease is over.
    if ((lanes.get(lane.sessionId)?.lane.leaseToken ?? -1) >= lane.leaseToken) return;
    const running: Running = {
      lane,
      stop: createStop(),
      batch: null,
      hearing: false,
      policy: "queue",
      outdated: false,
      again: 0,
      signAt: null,
      resetWaits: false,
    };
    lanes.set(lane.sessionId, running);
    const done = runDespiteOutages(running, pending)
      .catch((error: unknown) => {
        // The lease expires and the reconciler restores the lane. Nothing is lost, only delayed.
        deps.records.log.error({ err: error, session_id: lane.sessionId }, "a turn could not be carried out");
      })
      .finally(() => {
        if (lanes.get(lane.sessionId) === running) lanes.delete(lane.sessionId);
        work.delete(done);
      });
    work.add(done);
  }

  /** Afterwards the lease is usually still ours. */
  function runDespiteOutages(running: Running, pending: PendingMessage[] | null): Promise<void> {
    const { lane } = running;
    return despiteOutages({
      begin: () => runLane(running, pending),
      async repeat() {
        running.again += 1;
        const stillOurs = (await deps.lanes.repository.heartbeat([laneOf(lane)])).has(lane.sessionId);
        if (stillOurs) await runLane(running, null);
      },
      onOutage: (error) =>
        deps.records.log.warn({ err: error, session_id: lane.sessionId }, "a turn waits for the database"),
      giveUp: graceOver.signal,
    });
  }

  const recover = createRecovery({
    ownLanes: () => deps.lanes.repository.ownLanes(),
    isHeld: (sessionId) => lanes.has(sessionId),
    begin: (lane) => begin(lane, null),
    isDraining: () => draining,
    log: deps.records.log,
  });

  return {
    begin,

    recover,
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

    /** Finds a waiting message of a session and answers it, unless a process already does. */
    async wake(sessionId: string): Promise<void> {
      if (draining || lanes.has(sessionId)) return;
      const lane = await deps.lanes.repository.claim(sessionId);
      if (lane) begin(lane, null);
    },

    /** A new message arrived in a session whose turn runs here. Under `interrupt` the turn is aborted. */
    interrupt(sessionId: string, isReset: boolean): void {
      const running = lanes.get(sessionId);
      if (!running) return;
      if (isReset) resetLimit.onReset(running);
      if (running.batch?.kind !== "turn" || running.hearing) running.outdated = true;
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

    /** The lease of a session is gone, so a running turn must not write. */
    lost(sessionId: string): void {
      lanes.get(sessionId)?.stop.abort(new TurnStopped("lease_lost"));
    },

    /** Lets running turns finish for up to `graceMs`, then hands the rest back. */
    async drain(graceMs: number): Promise<void> {
      draining = true;
      const grace = new AbortController();
      await Promise.race([Promise.allSettled([...work]), wait(graceMs, grace.signal)]);
      grace.abort();
      graceOver.abort();
      for (const running of lanes.values()) running.stop.abort(new TurnStopped("shutdown"));
      await Promise.allSettled([...work]);
    },
  };
}
