import type { BudgetRefusal } from "../budgets/budget.ts";
import type { PendingMessage } from "../lanes/pending-messages-repository.ts";
import type { TurnStream } from "../streams/turn-streams.ts";
import { toReply } from "./reply-row.ts";
import type { Failure } from "./run-attempt.ts";
import type { TurnRun } from "./run-turn.ts";
import type { ExecutionResult, ReplyRow } from "./turn-commit.ts";
import {
  type Answering,
  endedExecutions,
  newest,
  type TurnOutcome,
  type TurnProgress,
} from "./turn-outcome.ts";

/** A turn whose bot is not asked, because the agent's budget is used up. */
export function refusedTurn(run: Answering, refusal: BudgetRefusal): TurnOutcome {
  const at = { attempt: run.attemptsBefore, startedAt: run.now() };
  const { reason, reply: words, retryAfterSeconds } = refusal;
  return unanswered(run, { code: "budget_exceeded", reason, words, retryAfterSeconds }, at);
}

/** The same message would fail every time. */
const REFUSALS: ReadonlySet<string> = new Set(["content_filter", "prompt_too_long", "context_length"]);

/** A turn whose bot has failed for good. */
export function failedTurn(run: TurnRun, { code, reason }: Failure, at: TurnProgress): TurnOutcome {
  const { apology, refusal = apology } = run.agent.turns;
  if (run.agent.handoff.onFailure) {
    const handoff = { source: "failure" as const, reason: `the bot failed: ${reason} (${code})` };
    const effects = { participantData: null, endSession: false, handoff, later: [], laterChanges: [] };
    return { ...unanswered(run, { code, reason, words: "" }, at), effects };
  }
  return unanswered(run, { code, reason, words: REFUSALS.has(code) ? refusal : apology }, at);
}

/** Users read the configured text, if there is one. The reason is for operators only. */
function unanswered(
  run: Answering,
  why: { code: string; reason: string; words: string; retryAfterSeconds?: number },
  at: TurnProgress,
): Extract<TurnOutcome, { kind: "ended" }> {
  const main = newest(run);
  const data = { message: why.words || "The bot could not answer.", code: why.code };
  const later = why.retryAfterSeconds === undefined ? {} : { retry_after: why.retryAfterSeconds };
  return {
    kind: "ended",
    effects: null,
    replies: why.words === "" ? [] : [toReply(run, { content: why.words }, "notice", main.executionId)],
    executions: endedExecutions(run, at, {
      status: "failed",
      errorCode: why.code,
      error: why.reason,
      promptTokens: null,
      completionTokens: null,
      totalTokens: null,
      finishReason: null,
      log: [...run.stream.log.entries(), { type: "error", data: { ...data, ...later } }],
    }),
  };
}

/** The commit after an operator's cancel: no reply, and the message counts as answered. */
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
            finishReason: null,
            log: [...stream.log.entries(), { type: "error", data }],
          },
        ],
  );
  return { executions, replies: [] };
}
