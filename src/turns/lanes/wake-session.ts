import type { Logger } from "../../core/process/logger.ts";
import type { TurnQueue } from "../../queue/turn-queue.ts";
import type { TurnEngine } from "./turn-engine.ts";

export interface WakeSessionDeps {
  /** Null on a process that runs no turns. */
  turns: Pick<TurnEngine, "wake"> | null;
  queue: Pick<TurnQueue, "enqueue">;
  log: Logger;
}

/** Starts the turns that wait in a session, here or on a worker. */
export function createWakeSession({ turns, queue, log }: WakeSessionDeps) {
  const wake = (sessionId: string) => (turns ? turns.wake(sessionId) : queue.enqueue(sessionId));
  return {
    wake,
    /** The same without an answer. If it fails, the reconciler finds the session. */
    wakeSoon(sessionId: string): void {
      wake(sessionId).catch((error: unknown) => {
        log.warn({ err: error, session_id: sessionId }, "could not wake a session; the reconciler will");
      });
    },
  };
}
