import type { Span } from "../../core/trace/span.ts";
import type { PendingMessage } from "../lanes/pending-messages-repository.ts";
import { handOver, type StandingPreview } from "../streams/live-preview.ts";
import type { TurnStream } from "../streams/turn-streams.ts";
import { answeredBy } from "./answered.ts";
import type { StopReason } from "./run-attempt.ts";
import { endTurnSpan } from "./trace-turn.ts";
import type { TurnCommit } from "./turn-commit.ts";
import { laneOf, type Next, nextAfter, type Running, type TurnEngineDeps } from "./turn-deps.ts";
import type { TurnOutcome } from "./turn-outcome.ts";
import { cancelledTurn } from "./unanswered-turn.ts";

/** The fields of every log line about a turn. A child logger is too expensive, because most turns log nothing. */
export type TurnIds = Readonly<Record<"session_id" | "execution_id" | "message_id", string>>;

/** A turn whose bot has finished. */
export interface TurnUnderWay {
  messages: [PendingMessage, ...PendingMessage[]];
  stream: TurnStream;
  executionId: string;
  agentVersion: number;
  startedAt: Date;
  /** The part of the answer that the platform already shows. */
  preview: StandingPreview | null;
  /** Null if tracing is off. */
  span: Span | null;
  ids: TurnIds;
}

/** The outcome of a turn without replies, for a channel that showed a typing indicator or a preview. */
const SILENCE = { completed: "no_reply", failed: "failed", cancelled: "cancelled" } as const;

/** Ends turns: commits the replies, starts their delivery, and notifies followers. */
export function createTurnEnding(deps: TurnEngineDeps) {
  async function endTurn(running: Running, turn: TurnUnderWay, outcome: TurnOutcome): Promise<Next> {
    if (outcome.kind === "stopped") return stopped(running, turn, outcome.reason);
    const { lane } = running;
    const { stream, executionId, preview, ids } = turn;
    const commit: TurnCommit = {
      ...laneOf(lane),
      answeredSeq: Math.max(...turn.messages.map((message) => message.seq)),
      agentVersion: turn.agentVersion,
      executions: outcome.executions,
      replies: outcome.replies,
      answers: answeredBy(turn.messages),
    };
    const handedOver = preview !== null && handOver(commit, preview);
    const result = outcome.effects
      ? await deps.commits.finishWithEffects(commit, lane, outcome.effects)
      : await deps.commits.finish(commit, lane);
    const own = outcome.executions.at(-1);
    if (own?.finishReason === "length")
      deps.records.log.warn(ids, "the reply was cut short by the bot's output limit");
    const status = own?.status ?? "completed";
    if (result.kind === "lost") {
      deps.records.log.info(ids, "the lease was lost: another process answers");
      if (preview) deps.shown.previews.leave(lane, executionId, preview.id);
      await toldIfCancelled(running, turn);
      return "released";
    }
    if (preview && !handedOver) deps.shown.previews.removeSoon(lane, executionId, preview.id);
    const last = own?.log?.at(-1);
    if (last) stream.append(last.type, last.data);
    for (const { id, mergedInto } of outcome.executions)
      if (mergedInto !== null) deps.shown.streams.ended(id);
    const deliveries = outcome.replies.flatMap((reply) => reply.deliveries.map((delivery) => delivery.id));
    if (deliveries.length > 0) deps.shown.deliver(lane, deliveries);
    else deps.shown.onSilence(lane, { executionId, answers: commit.answers ?? null }, SILENCE[status]);
    deps.shown.notify(lane, { type: "messages" });
    endTurnSpan(turn.span, own, outcome.replies);
    deps.records.onTurnEnded(
      lane,
      status,
      (deps.records.clock.now().getTime() - turn.startedAt.getTime()) / 1000,
    );
    deps.records.log.debug({ ...ids, status, deliveries }, "turn ended");
    return nextAfter(result);
  }

  /** Handles a stopped turn. Its messages keep waiting, but those of a cancelled turn count as answered. */
  async function stopped(running: Running, turn: TurnUnderWay, reason: StopReason): Promise<Next> {
    const { lane } = running;
    const { executionId, preview } = turn;
    deps.records.log.info({ ...turn.ids, reason }, "turn stopped");
    if (reason === "interrupted" || reason === "reset") {
      if (preview) deps.shown.previews.removeSoon(lane, executionId, preview.id);
      return reason === "reset" ? "reset" : "reload";
    }
    if (reason === "lease_lost") {
      if (preview) deps.shown.previews.leave(lane, executionId, preview.id);
      await toldIfCancelled(running, turn);
      return "released";
    }
    if (reason === "shutdown") {
      await deps.lanes.repository.release([lane]);
      return "released";
    }
    const ending = cancelledTurn(turn.messages, turn.stream, {
      code: "cancelled",
      reason: "cancelled by request",
      startedAt: turn.startedAt,
    });
    return endTurn(running, turn, { kind: "ended", ...ending, effects: null });
  }

  /** If the session ended meanwhile, no other process answers. */
  async function toldIfCancelled({ lane }: Running, { executionId, messages }: TurnUnderWay): Promise<void> {
    if (!(await deps.lanes.repository.isCancelled(executionId))) return;
    deps.shown.onSilence(lane, { executionId, answers: answeredBy(messages) }, "cancelled");
  }

  return endTurn;
}
