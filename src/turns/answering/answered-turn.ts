import type { BotReply, BotResult } from "../../bots/bot.ts";
import { storableText } from "../../core/text/text.ts";
import { toReply } from "./reply-row.ts";
import type { TurnRun } from "./run-turn.ts";
import { toolRows } from "./tool-rows.ts";
import type { ReplyRow, StoredFile } from "./turn-commit.ts";
import {
  endedExecutions,
  newest,
  type TurnEffects,
  type TurnOutcome,
  type TurnProgress,
} from "./turn-outcome.ts";

/** The outcome of a turn that the bot answered. `isShown`: the whole answer was streamed, unchanged. */
export function answeredTurn(
  run: TurnRun,
  result: BotResult,
  at: TurnProgress & { emitted: number; isShown: boolean },
): TurnOutcome {
  const main = newest(run);
  const { cutShort } = run.agent.turns;
  const isCut = result.finishReason === "length" && result.replies.length > 0;
  const said = isCut ? withEnd(result.replies, cutShort) : result.replies;
  const replies = said.map((reply) => toReply(run, reply, "bot", main.executionId));
  const last = replies.at(-1);
  const whole = said
    .map((reply) => reply.content)
    .filter((text) => text !== "")
    .join("\n\n");
  const content = storableText(whole);
  const files = replies.flatMap((reply) => reply.files);
  const usage = result.usage ?? { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  if (at.emitted === 0 && content !== "") run.stream.append("content", { content });
  if (isCut && at.isShown && cutShort !== "") run.stream.append("content", { content: cutShort });
  const seconds = (run.now().getTime() - at.startedAt.getTime()) / 1000;
  // One of its messages records the cost of the turn, so a sum over messages counts it once.
  if (last && result.usage) last.metadata = { token_usage: { ...result.usage }, time: seconds };
  if (last && isCut) last.metadata = { ...last.metadata, finish_reason: "length" };
  const done = {
    output: outputOf(content, last, files),
    message_id: last?.id ?? null,
    token_usage: { ...usage },
    time: seconds,
    ...(isCut && { finish_reason: "length" }),
  };
  // Appended to the stored log now, but shown only after the commit: `done` means stored.
  const log = [...run.stream.log.entries(), { type: "done" as const, data: done }];
  return {
    kind: "ended",
    replies: [...toolRows(run, main.executionId), ...replies],
    effects: effectsOf(result),
    executions: endedExecutions(run, at, {
      status: "completed",
      errorCode: null,
      error: null,
      promptTokens: result.usage?.prompt_tokens ?? null,
      completionTokens: result.usage?.completion_tokens ?? null,
      totalTokens: result.usage?.total_tokens ?? null,
      finishReason: result.finishReason ?? null,
      log,
    }),
  };
}

/** The answer as the terminal event of the stream shows it. */
function outputOf(content: string, last: ReplyRow | undefined, files: readonly StoredFile[]) {
  return {
    content,
    ...(last?.buttons ? { buttons: last.buttons.map((button) => ({ ...button })) } : {}),
    ...(files.length > 0 ? { attachments: files.map(fileData) } : {}),
  };
}

/** Everything that the bot asked for besides its replies; null: nothing. */
function effectsOf(result: BotResult): TurnEffects | null {
  const { participantData, endSession, later, laterChanges, handoff } = result;
  if (!(participantData || endSession || later || laterChanges || handoff)) return null;
  return {
    participantData: participantData ?? null,
    endSession: endSession ?? false,
    handoff: handoff ? { source: "bot", reason: handoff.reason } : null,
    later: later ?? [],
    laterChanges: laterChanges ?? [],
  };
}

function withEnd(replies: readonly BotReply[], end: string): BotReply[] {
  return replies.map((reply, index) =>
    index === replies.length - 1 ? { ...reply, content: `${reply.content}${end}` } : reply,
  );
}

function fileData({ id, kind, name, contentType, url }: StoredFile) {
  return { id, kind, name, content_type: contentType, url };
}
