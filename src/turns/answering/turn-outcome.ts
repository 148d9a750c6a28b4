import type { LaterChange, LaterMessage } from "../../core/message/unprompted-message.ts";
import type { JsonObject } from "../../core/text/json.ts";
import type { PendingMessage } from "../lanes/pending-messages-repository.ts";
import type { StopReason } from "./run-attempt.ts";
import type { TurnRun } from "./run-turn.ts";
import type { ExecutionResult, ReplyRow } from "./turn-commit.ts";

/** Dependencies for ending a turn. */
export type Answering = Pick<TurnRun, "messages" | "stream" | "limits" | "now" | "attemptsBefore">;

/** The outcome of a turn, ready for the commit, with its `effects`. */
export type TurnOutcome =
  | { kind: "ended"; executions: ExecutionResult[]; replies: ReplyRow[]; effects: TurnEffects | null }
  /** Stopped without an answer: `interrupted` messages keep waiting for the next turn. */
  | { kind: "stopped"; reason: StopReason };

export interface TurnEffects {
  participantData: JsonObject | null;
  endSession: boolean;
  /** The source and the reason of a request for a person; null for most. */
  handoff: { source: "bot" | "failure"; reason: string | null } | null;
  /** Messages to send to the user later. */
  later: readonly LaterMessage[];
  /** Changes of earlier scheduled messages. */
  laterChanges: readonly LaterChange[];
}

export type Ending = Omit<ExecutionResult, "id" | "attempts" | "startedAt" | "mergedInto">;

/** The turn's own execution, and those of the other messages that it answers. */
export function endedExecutions(run: Answering, at: TurnProgress, ending: Ending): ExecutionResult[] {
  const main = newest(run);
  return run.messages.flatMap(({ executionId }): ExecutionResult[] => {
    if (executionId === null) return [];
    const own = executionId === main.executionId;
    return [endedExecution(executionId, at, own ? ending : MERGED, own ? null : main.executionId)];
  });
}

/** The end of a message that is answered together with a later one. */
const MERGED: Ending = {
  status: "cancelled",
  errorCode: "merged",
  error: "answered together with a later message",
  promptTokens: null,
  completionTokens: null,
  totalTokens: null,
  finishReason: null,
  log: null,
};

function endedExecution(
  id: string,
  at: TurnProgress,
  end: Ending,
  mergedInto: string | null,
): ExecutionResult {
  return {
    id,
    status: end.status,
    attempts: mergedInto === null ? at.attempt : 0,
    errorCode: end.errorCode,
    error: end.error,
    mergedInto,
    promptTokens: end.promptTokens,
    completionTokens: end.completionTokens,
    totalTokens: end.totalTokens,
    finishReason: end.finishReason,
    log: end.log,
    startedAt: at.startedAt,
  };
}

export interface TurnProgress {
  attempt: number;
  startedAt: Date;
}

export function newest(run: Answering): PendingMessage {
  return run.messages.at(-1) ?? run.messages[0];
}
