import { createStop } from "../../core/process/stop.ts";
import type { PendingMessage } from "../lanes/pending-messages-repository.ts";
import type { Lane } from "../lanes/turn-repository.ts";
import type { TurnEngineDeps } from "./turn-deps.ts";

/** Shorter turns are never marked `running`, because nobody would see that write, milliseconds. */
const LASTING_MS = 50;
const ENDED = "the turn ended";

/** Shows that a turn runs: to the API, to a process that may take it over, and to the user. */
export function createRunningMarks({ lanes, shown, records }: TurnEngineDeps) {
  function markRunning(executionId: string, startedAt: Date): void {
    lanes.repository.markRunning(executionId, 1, startedAt).catch((error: unknown) => {
      records.log.warn({ err: error, execution_id: executionId }, "could not mark a turn as running");
    });
  }

  return {
    /** Counts an attempt before it is made. An attempt that another process began is added to the trail. */
    async takeOver(lane: Lane, executionId: string, attempts: number, startedAt: Date): Promise<void> {
      await lanes.repository.markRunning(executionId, attempts + 1, startedAt);
      if (attempts === 0) return;
      records.noteIncident({
        sessionId: lane.sessionId,
        executionId,
        attempt: attempts,
        code: "taken_over",
        reason: "the process that was asking the bot ended, or gave the turn up",
        outcome: "retry",
        retryInMs: null,
      });
    },

    /** Most turns end before anybody could notice the wait. Returns a function that ends the typing indicator. */
    showOnceItLasts(
      lane: Lane,
      messages: readonly PendingMessage[],
      unmarked: { executionId: string; startedAt: Date } | null,
    ): () => void {
      const over = createStop();
      const timer = setTimeout(() => {
        if (unmarked) markRunning(unmarked.executionId, unmarked.startedAt);
        shown.showTyping(lane, over.signal, messages);
      }, LASTING_MS);
      return () => {
        clearTimeout(timer);
        over.abort(ENDED);
      };
    },
  };
}
