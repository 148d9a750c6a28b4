import type { PromptMessage, Summary, SummaryRequest } from "../../bots/bot.ts";
import { BotError } from "../../core/faults/errors.ts";
import type { Logger } from "../../core/process/logger.ts";
import { addUsage, type TokenUsage } from "../../core/session/token-usage.ts";
import { storableText } from "../../core/text/text.ts";
import type { Clock } from "../../core/time/clock.ts";
import { timeLimit } from "../../core/time/time-limit.ts";
import { clipToTokens } from "./clip-tokens.ts";
import type { ContextRepository } from "./context-repository.ts";
import type { TokenCounter } from "./count-tokens.ts";
import type { HistoryMessage, SummaryState } from "./prompt-session.ts";

/** The update of a session's summary. */
export interface SummaryJob {
  sessionId: string;
  /** The summary in the composed prompt. */
  state: SummaryState;
  /** The summary must cover every turn up to this one. */
  throughSeq: number;
  /** Maximum length of the summary, in tokens. */
  maxTokens: number;
  /** Maximum tokens of messages in one call to the model. */
  chunkTokens: number;
  model: string | null;
  count: TokenCounter;
  summarize(request: SummaryRequest): Promise<Summary>;
  timeoutMs: number;
  signal: AbortSignal;
}

export interface SummaryOutcome {
  state: SummaryState;
  usage: TokenUsage | null;
}

/** Maximum messages read for one call. */
const CHUNK_MESSAGES = 200;
/** Maximum calls in one turn. A longer backlog takes several turns. */
const CALLS_PER_TURN = 3;
/**
 * Time without summaries in a conversation after a failure, so that not every turn waits for another failure,
 * milliseconds.
 */
const PAUSE_MS = 30_000;
/** Tokens around the text of a message. */
const TOKENS_AROUND = 16;

/**
 * Keeps summaries up to date: adds the oldest messages, each once, chunk by chunk. A failure is logged and the summary
 * stays unchanged. The prompt then omits the messages that do not fit, and a later turn tries again.
 */
export function createSummaries(deps: {
  repository: Pick<ContextRepository, "unsummarized" | "storeSummary" | "summaryState">;
  clock: Clock;
  log: Logger;
}) {
  const pausedUntil = new Map<string, number>();

  function isPaused(sessionId: string): boolean {
    const now = deps.clock.now().getTime();
    for (const [id, until] of pausedUntil) if (until <= now) pausedUntil.delete(id);
    return pausedUntil.has(sessionId);
  }

  /** One call to the model and one write. Null: there was nothing to add. */
  async function foldChunk(job: SummaryJob, from: SummaryState): Promise<SummaryOutcome | null> {
    const { sessionId, throughSeq, count } = job;
    const range = { afterSeq: from.summarySeq, throughSeq, limit: CHUNK_MESSAGES };
    const chunk = firstTurns(await deps.repository.unsummarized(sessionId, range), job);
    const last = chunk.at(-1);
    if (last === undefined) return null;
    const timeout = timeLimit(job.timeoutMs);
    const { content, usage } = await job.summarize({
      previous: from.summary,
      messages: chunk.map((message) => toMaterial(message, job)),
      maxTokens: job.maxTokens,
      model: job.model,
      signal: AbortSignal.any([job.signal, timeout]),
    });
    if (content.trim() === "") throw new BotError("empty_summary", "the model wrote no summary");
    const summary = clipToTokens(storableText(content.trim()), job.maxTokens, count);
    const to = { summary, summarySeq: last.turnSeq };
    const stored = await deps.repository.storeSummary(sessionId, from, to);
    // If another turn stored a summary first, the work continues from that one.
    const state = stored ? to : await deps.repository.summaryState(sessionId);
    return { state: state ?? to, usage: usage ?? null };
  }

  return {
    /** Throws only if the signal is aborted. */
    async bringUpToDate(job: SummaryJob): Promise<SummaryOutcome> {
      let outcome: SummaryOutcome = { state: job.state, usage: null };
      if (isPaused(job.sessionId)) return outcome;
      try {
        for (let call = 0; call < CALLS_PER_TURN && outcome.state.summarySeq < job.throughSeq; call += 1) {
          const folded = await foldChunk(job, outcome.state);
          if (folded === null) break;
          outcome = { state: folded.state, usage: addUsage(outcome.usage, folded.usage) };
        }
      } catch (error) {
        job.signal.throwIfAborted();
        pausedUntil.set(job.sessionId, deps.clock.now().getTime() + PAUSE_MS);
        const reason = error instanceof Error ? error.message : String(error);
        deps.log.warn(
          {
            session_id: job.sessionId,
            code: error instanceof BotError ? error.code : "summary_failed",
            reason,
          },
          "could not summarize: older messages are left out of the prompt",
        );
      }
      return outcome;
    },
  };
}

/** The oldest whole turns that fit one call, at least one. A summary covers a turn completely or not at all. */
function firstTurns(messages: HistoryMessage[], { chunkTokens, count }: SummaryJob): HistoryMessage[] {
  let tokens = 0;
  let end = 0;
  for (const [index, message] of messages.entries()) {
    tokens += Math.min(count(message.content), chunkTokens) + TOKENS_AROUND;
    if (tokens > chunkTokens && end > 0) break;
    const next = messages[index + 1];
    const isComplete =
      next === undefined ? messages.length < CHUNK_MESSAGES : next.turnSeq !== message.turnSeq;
    if (isComplete) end = index + 1;
  }
  // If a turn has more messages than one call reads, a part of it is better than nothing.
  return messages.slice(0, end === 0 ? messages.length : end);
}

function toMaterial({ role, content }: HistoryMessage, { chunkTokens, count }: SummaryJob): PromptMessage {
  return { role, content: clipToTokens(content, Math.max(1, chunkTokens - TOKENS_AROUND), count) };
}
