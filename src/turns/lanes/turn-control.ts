import { isJsonObject } from "../../core/text/json.ts";
import type { Hub } from "../../queue/hub.ts";
import type { ExecutionRepository } from "../answering/execution-repository.ts";
import type { TurnStreams } from "../streams/turn-streams.ts";
import type { TurnEngine } from "./turn-engine.ts";

/** The topic of control notices, which go to the process that runs a turn. */
const CONTROL_TOPIC = "control";

export interface TurnControlDeps {
  hub: Pick<Hub, "publish" | "subscribe">;
  /** True if no other process can run turns. */
  alone: boolean;
  executions: Pick<ExecutionRepository, "requestCancel">;
  streams: Pick<TurnStreams, "ended">;
}

/** Stops and interrupts turns, on whichever process runs them. */
export function createTurnControl({ hub, alone, executions, streams }: TurnControlDeps) {
  const cancel = (executionId: string) =>
    hub.publish(CONTROL_TOPIC, { cancel: executionId }, { remote: !alone });

  return {
    /**
     * Turns whose writes the database refuses from now on. The processes that run them are notified, and their
     * followers too.
     */
    stopTurns(executionIds: readonly string[]): void {
      for (const id of executionIds) {
        cancel(id);
        streams.ended(id);
      }
    },

    /**
     * Stops an execution: at once if it only waits, otherwise on the process that runs it. Returns false if it had
     * already ended.
     */
    async cancelExecution(executionId: string): Promise<boolean> {
      const found = await executions.requestCancel(executionId);
      if (found === "running") cancel(executionId);
      return found !== "ended";
    },

    /** A message came for a lane that another process may hold. */
    interruptElsewhere(sessionId: string, isReset: boolean): void {
      const notice = { interrupt: sessionId, reset: isReset };
      if (!alone) hub.publish(CONTROL_TOPIC, notice, { remote: true });
    },

    /** Lets notices reach the turns of this process. Returns a function that ends it. */
    obey(turns: Pick<TurnEngine, "interrupt" | "cancel">): () => void {
      return hub.subscribe(CONTROL_TOPIC, (data) => {
        if (!isJsonObject(data)) return;
        if (typeof data.interrupt === "string") turns.interrupt(data.interrupt, data.reset === true);
        if (typeof data.cancel === "string") turns.cancel(data.cancel);
      });
    },
  };
}
