import type { PendingMessage } from "../lanes/pending-messages-repository.ts";
import { answeredBy } from "./answered.ts";
import { laneOf, type Next, nextAfter, type Running, type TurnEngineDeps } from "./turn-deps.ts";
import { cancelledTurn } from "./unanswered-turn.ts";

/** A message whose execution was cancelled while it waited counts as answered. Its followers are notified. */
export function createSkip({
  commits,
  shown,
  records,
}: Pick<TurnEngineDeps, "commits" | "shown" | "records">) {
  return async function skip(running: Running, message: PendingMessage): Promise<Next> {
    const { executionId } = message;
    const stream = shown.streams.open(executionId ?? message.id, message.attempts);
    stream.append("execution", { execution_id: executionId, user_message_id: message.id });
    const ending = cancelledTurn([message], stream, {
      code: "cancelled",
      reason: "cancelled by request",
      startedAt: records.clock.now(),
    });
    try {
      const commit = { ...laneOf(running.lane), answeredSeq: message.seq, ...ending };
      const result = await commits.finish(commit, running.lane);
      if (result.kind === "lost") return "released";
      shown.onSilence(running.lane, { executionId, answers: answeredBy([message]) }, "cancelled");
      return nextAfter(result);
    } finally {
      stream.close();
    }
  };
}
