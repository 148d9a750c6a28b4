import type { Bot, BotResult, Turn } from "../bots/bot.ts";
import type { AgentDefinition } from "../core/agent-definition.ts";
import { newId } from "../core/ids.ts";
import type { JsonObject } from "../core/json.ts";
import { prepareReply, type Reply, type ReplyLimits } from "../core/reply-parts.ts";
import type { LaterChange, LaterSaying } from "../core/saying.ts";
import type { SentFile } from "../core/sent-file.ts";
import type { Stop } from "../core/stop.ts";
import type { BudgetRefusal } from "./budget.ts";
import type { ExecutionResult, ReplyRow } from "./finish-repository.ts";
import { type AttemptOutcome, runAttempt, type StopReason } from "./run-attempt.ts";
import type { PendingMessage } from "./turn-repository.ts";
import type { TurnStream } from "./turn-streams.ts";

/** The messages one turn answers; the newest one's execution is the turn's. */
export interface TurnRun {
  messages: [PendingMessage, ...PendingMessage[]];
  agent: AgentDefinition;
  bot: Bot;
  turn: Turn;
  stream: TurnStream;
  stop: Stop;
  /** Attempts made before this process took over. */
  attemptsBefore: number;
  /** What the session's channel makes of a reply. */
  limits: ReplyLimits;
  now(): Date;
  wait(ms: number, signal: AbortSignal): Promise<void>;
  /** The bot wrote more of the answer that whoever follows is shown. */
  onText(text: string): void;
  /** `retryInMs` is null where it was the last attempt. */
  onFailedAttempt(
    attempt: number,
    outcome: Extract<AttemptOutcome, { kind: "failed" }>,
    retryInMs: number | null,
  ): void;
}

/** What it takes to end a turn, asked or not. */
type Answering = Pick<TurnRun, "messages" | "stream" | "limits" | "now" | "attemptsBefore">;

/** What a turn came to, ready to be committed; `effects` go with it. */
export type TurnOutcome =
  | { kind: "ended"; executions: ExecutionResult[]; replies: ReplyRow[]; effects: TurnEffects | null }
  /** Stopped without an answer: `interrupted` messages stay waiting for the next turn. */
  | { kind: "stopped"; reason: StopReason };

export interface TurnEffects {
  participantData: JsonObject | null;
  endSession: boolean;
  /** Messages for the user at times to come. */
  later: readonly LaterSaying[];
  /** What becomes of those put down before. */
  laterChanges: readonly LaterChange[];
}

/** A message in whose answering so many processes ended is not tried by another: it may be what ends them. */
const MOST_TAKEOVERS = 10;

/** Runs the bot until it answers or has failed for good, and writes down what to commit. Commits nothing itself. */
export async function runTurn(run: TurnRun): Promise<TurnOutcome> {
  const startedAt = run.now();
  let emitted = 0;
  let attempt = run.attemptsBefore;
  if (attempt >= Math.max(MOST_TAKEOVERS, run.agent.turns.attempts)) {
    const reason = `${attempt} processes ended while they were answering this`;
    const ending = {
      kind: "failed",
      code: "turn_abandoned",
      reason,
      retryable: false,
      retryAfterMs: null,
    } as const;
    run.onFailedAttempt(attempt, ending, null);
    return failed(run, ending, { attempt, startedAt });
  }
  for (;;) {
    attempt += 1;
    // Text of a failed attempt may be on somebody's screen already. A further attempt is not streamed on top of it:
    // its whole text comes with the terminal event.
    const streaming = emitted === 0;
    const outcome = await runAttempt(run.bot, run.turn, {
      stop: run.stop,
      timeoutMs: run.agent.turns.timeoutMs,
      onProgress: (progress) => {
        if (progress.type === "content" || progress.type === "thinking") {
          if (!streaming || progress.content === "") return;
          if (progress.type === "content") {
            emitted += progress.content.length;
            run.onText(progress.content);
          }
        }
        const { type, ...data } = progress;
        run.stream.append(type, data);
      },
    });
    if (outcome.kind === "stopped") return { kind: "stopped", reason: outcome.reason };
    if (outcome.kind === "answered") return answered(run, outcome.result, { attempt, startedAt, emitted });
    const isLast = !outcome.retryable || attempt >= run.agent.turns.attempts;
    const pauseMs = outcome.retryAfterMs ?? run.agent.turns.backoffMs * 2 ** (attempt - 1);
    run.onFailedAttempt(attempt, outcome, isLast ? null : pauseMs);
    if (isLast) return failed(run, outcome, { attempt, startedAt });
    await run.wait(pauseMs, run.stop.signal);
  }
}

interface Progress {
  attempt: number;
  startedAt: Date;
}

function answered(run: TurnRun, result: BotResult, at: Progress & { emitted: number }): TurnOutcome {
  const main = newest(run);
  const replies = result.replies.map((reply) => toReply(run, reply, "bot", main.executionId));
  const last = replies.at(-1);
  const content = result.replies
    .map((reply) => reply.content)
    .filter((text) => text !== "")
    .join("\n\n");
  const files = replies.flatMap((reply) => reply.files);
  const usage = result.usage ?? { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  if (at.emitted === 0 && content !== "") run.stream.append("content", { content });
  const seconds = (run.now().getTime() - at.startedAt.getTime()) / 1000;
  // What the turn cost stands with one of its messages, so that a sum over messages counts it once.
  if (last && result.usage) last.metadata = { token_usage: { ...result.usage }, time: seconds };
  const done = {
    output: {
      content,
      ...(last?.buttons ? { buttons: last.buttons.map((button) => ({ ...button })) } : {}),
      ...(files.length > 0 ? { attachments: files.map(fileData) } : {}),
    },
    message_id: last?.id ?? null,
    token_usage: { ...usage },
    time: seconds,
  };
  // Appended to the kept log now, shown only after the commit: `done` means stored.
  const log = [...run.stream.log.entries(), { type: "done" as const, data: done }];
  const effects =
    result.participantData || result.endSession || result.later || result.laterChanges
      ? {
          participantData: result.participantData ?? null,
          endSession: result.endSession ?? false,
          later: result.later ?? [],
          laterChanges: result.laterChanges ?? [],
        }
      : null;
  return {
    kind: "ended",
    replies,
    effects,
    executions: executions(run, at, {
      status: "completed",
      errorCode: null,
      error: null,
      promptTokens: result.usage?.prompt_tokens ?? null,
      completionTokens: result.usage?.completion_tokens ?? null,
      totalTokens: result.usage?.total_tokens ?? null,
      log,
    }),
  };
}

/** A turn whose bot is not asked: the agent's budget is used up. */
export function refusedTurn(run: Answering, refusal: BudgetRefusal): TurnOutcome {
  const at = { attempt: run.attemptsBefore, startedAt: run.now() };
  const { reason, reply: words, retryAfterSeconds } = refusal;
  return unanswered(run, { code: "budget_exceeded", reason, words, retryAfterSeconds }, at);
}

function failed(
  run: TurnRun,
  { code, reason }: Extract<AttemptOutcome, { kind: "failed" }>,
  at: Progress,
): TurnOutcome {
  return unanswered(run, { code, reason, words: run.agent.turns.apology }, at);
}

/** Users read the configured words, if there are any; the reason is the operators'. */
function unanswered(
  run: Answering,
  why: { code: string; reason: string; words: string; retryAfterSeconds?: number },
  at: Progress,
): TurnOutcome {
  const main = newest(run);
  const data = { message: why.words || "The bot could not answer.", code: why.code };
  const later = why.retryAfterSeconds === undefined ? {} : { retry_after: why.retryAfterSeconds };
  return {
    kind: "ended",
    effects: null,
    replies: why.words === "" ? [] : [toReply(run, { content: why.words }, "notice", main.executionId)],
    executions: executions(run, at, {
      status: "failed",
      errorCode: why.code,
      error: why.reason,
      promptTokens: null,
      completionTokens: null,
      totalTokens: null,
      log: [...run.stream.log.entries(), { type: "error", data: { ...data, ...later } }],
    }),
  };
}

type Ending = Omit<ExecutionResult, "id" | "attempts" | "startedAt" | "mergedInto">;

/** The turn's own execution, and those of the messages it answers along the way. */
function executions(run: Answering, at: Progress, ending: Ending): ExecutionResult[] {
  const main = newest(run);
  return run.messages.flatMap(({ executionId }): ExecutionResult[] => {
    if (executionId === null) return [];
    const own = executionId === main.executionId;
    return [endedExecution(executionId, at, own ? ending : MERGED, own ? null : main.executionId)];
  });
}

/** Of a message that is answered together with a later one. */
const MERGED: Ending = {
  status: "cancelled",
  errorCode: "merged",
  error: "answered together with a later message",
  promptTokens: null,
  completionTokens: null,
  totalTokens: null,
  log: null,
};

function endedExecution(id: string, at: Progress, end: Ending, mergedInto: string | null): ExecutionResult {
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
    log: end.log,
    startedAt: at.startedAt,
  };
}

/** What is committed when an operator cancels: no reply, and the message counts as dealt with. */
export function cancelledTurn(
  messages: readonly PendingMessage[],
  stream: TurnStream,
  options: { code: string; reason: string; startedAt: Date },
): { executions: ExecutionResult[]; replies: ReplyRow[] } {
  const data = { message: options.reason, code: options.code };
  const executions = messages.flatMap((message): ExecutionResult[] =>
    message.executionId === null
      ? []
      : [
          {
            id: message.executionId,
            startedAt: options.startedAt,
            status: "cancelled",
            attempts: message.attempts,
            errorCode: options.code,
            error: options.reason,
            mergedInto: null,
            promptTokens: null,
            completionTokens: null,
            totalTokens: null,
            log: [...stream.log.entries(), { type: "error", data }],
          },
        ],
  );
  return { executions, replies: [] };
}

function newest(run: Answering): PendingMessage {
  return run.messages.at(-1) ?? run.messages[0];
}

function fileData({ id, kind, name, contentType, url }: SentFile) {
  return { id, kind, name, content_type: contentType, url };
}

function toReply(
  run: Answering,
  reply: Reply,
  origin: ReplyRow["origin"],
  executionId: string | null,
): ReplyRow {
  const { buttons, parts, files, offer } = prepareReply(reply, run.limits);
  return {
    id: newId(run.now()),
    role: "assistant",
    origin,
    content: reply.content,
    buttons,
    offer,
    files,
    metadata: {},
    executionId,
    deliveries: parts.map(({ content, buttons, attachmentId }) =>
      attachmentId === undefined
        ? { id: newId(run.now()), content, buttons }
        : { id: newId(run.now()), content, buttons, attachmentId },
    ),
  };
}
