import type { Logger } from "../core/process/logger.ts";
import type { WorkingProcess } from "../core/process/working-process.ts";
import type { QueueBackend } from "../queue/queue-backend.ts";
import { createTurnQueue } from "../queue/turn-queue.ts";
import { startLeaseHeartbeat } from "./lanes/lease-heartbeat.ts";
import type { TurnEngine } from "./lanes/turn-engine.ts";
import type { TurnRepository } from "./lanes/turn-repository.ts";
import { createWakeSession } from "./lanes/wake-session.ts";

export interface TurnWorkDeps {
  turns: TurnRepository;
  engine: TurnEngine;
  queues: QueueBackend;
  /** Resolves when all commits in progress have ended. */
  drainCommits(): Promise<void>;
  process: Pick<WorkingProcess, "works" | "alone" | "times">;
  log: Logger;
}

/** Wakes sessions, and starts and stops the work on turns in this process. */
export function createTurnWork({ turns, engine, queues, drainCommits, process, log }: TurnWorkDeps) {
  const { works, alone, times } = process;
  const queue = createTurnQueue(queues);
  const { wake, wakeSoon } = createWakeSession({ turns: works ? engine : null, queue, log });
  let heartbeat: { stop(): void } | null = null;
  return {
    wakeSession: wake,
    wakeSoon,
    async start(): Promise<void> {
      // No other process holds the leased lanes.
      if (alone) await turns.freeAllLanes();
      heartbeat = startLeaseHeartbeat({ repository: turns, engine, intervalMs: times.heartbeatMs, log });
      queue.work((sessionId) => engine.wake(sessionId));
    },
    /** Finishes or hands back the turns in progress. */
    async stop(graceMs: number): Promise<void> {
      await engine.drain(Math.min(graceMs, times.stopGraceMs));
      await drainCommits();
    },
    /** Gives the lanes that are still ours to any other process. */
    handBack: turns.releaseAll,
    close: () => heartbeat?.stop(),
  };
}
