import type { TurnCommit } from "./finish-repository.ts";
import { handOver, type StandingPreview } from "./live-preview.ts";
import type { StopReason } from "./run-attempt.ts";
import { cancelledTurn, type TurnOutcome } from "./run-turn.ts";
import { laneOf, type Next, type Running, type TurnEngineDeps } from "./turn-deps.ts";
import type { PendingMessage } from "./turn-repository.ts";
import type { TurnStream } from "./turn-streams.ts";

/** What every line about a turn in the log says: a child logger is too dear for a turn that mostly has none. */
export type TurnIds = Readonly<Record<"session_id" | "execution_id" | "message_id", string>>;

/** A turn whose bot is done with it. */
export interface TurnUnderWay {
  messages: [PendingMessage, ...PendingMessage[]];
  stream: TurnStream;
  executionId: string;
  startedAt: Date;
  /** What of the answer stands on the platform already. */
  preview: StandingPreview | null;
  ids: TurnIds;
}

/** Ends turns: commits what was said, moves it on, and tells whoever watches. */
export function createTurnEnding(deps: TurnEngineDeps) {
  async function endTurn(running: Running, turn: TurnUnderWay, outcome: TurnOutcome): Promise<Next> {
    if (outcome.kind === "stopped") return stopped(running, turn, outcome.reason);
    const { lane } = running;
    const { stream, executionId, preview, ids } = turn;
    const commit: TurnCommit = {
      ...laneOf(lane),
      answeredSeq: Math.max(...turn.messages.map((message) => message.seq)),
      executions: outcome.executions,
      replies: outcome.replies,
    };
    const handedOver = preview !== null && handOver(commit, preview);
    const result = outcome.effects
      ? await deps.finishWithEffects(commit, lane, outcome.effects)
      : await deps.finish(commit);
    const own = outcome.executions.at(-1);
    const status = own?.status ?? "completed";
    if (result.kind === "lost") {
      deps.log.info(ids, "the lease was lost: another process answers");
      if (preview) deps.previews.leave(lane, executionId, preview.id);
      return "released";
    }
    if (preview && !handedOver) deps.previews.removeSoon(lane, executionId, preview.id);
    const last = own?.log?.at(-1);
    if (last) stream.append(last.type, last.data);
    for (const { id, mergedInto } of outcome.executions) if (mergedInto !== null) deps.streams.ended(id);
    const deliveries = outcome.replies.flatMap((reply) => reply.deliveries.map((delivery) => delivery.id));
    if (deliveries.length > 0) deps.deliver(lane, deliveries);
    deps.notify(lane, { type: "messages" });
    deps.onTurnEnded(lane, status, (deps.clock.now().getTime() - turn.startedAt.getTime()) / 1000);
    deps.log.debug({ ...ids, status, deliveries }, "turn ended");
    return result.more ? "more" : "released";
  }

  /** A turn that was stopped: what waits stays waiting, except that a cancelled one counts as dealt with. */
  async function stopped(running: Running, turn: TurnUnderWay, reason: StopReason): Promise<Next> {
    const { lane } = running;
    const { executionId, preview } = turn;
    deps.log.info({ ...turn.ids, reason }, "turn stopped");
    if (reason === "interrupted") {
      if (preview) deps.previews.removeSoon(lane, executionId, preview.id);
      return "reload";
    }
    if (reason === "lease_lost") {
      if (preview) deps.previews.leave(lane, executionId, preview.id);
      return "released";
    }
    if (reason === "shutdown") {
      await deps.repository.release([lane]);
      return "released";
    }
    const ending = cancelledTurn(turn.messages, turn.stream, {
      code: "cancelled",
      reason: "cancelled by request",
      startedAt: turn.startedAt,
    });
    return endTurn(running, turn, { kind: "ended", ...ending, effects: null });
  }

  return endTurn;
}
