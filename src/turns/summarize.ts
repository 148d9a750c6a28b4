import type { PromptMessage, Summary, SummaryRequest } from "../bots/bot.ts";
import type { Clock } from "../core/clock.ts";
import { BotError } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import { storableText } from "../core/text.ts";
import { timeLimit } from "../core/time-limit.ts";
import { addUsage, type TokenUsage } from "../core/token-usage.ts";
import { clipToTokens } from "./clip-tokens.ts";
import type { ContextRepository, HistoryMessage, SummaryState } from "./context-repository.ts";
import type { TokenCounter } from "./count-tokens.ts";

/** What a summary has to be brought up to date with. */
export interface SummaryJob {
  sessionId: string;
  /** The summary the prompt was composed with. */
  state: SummaryState;
  /** Every turn up to this one is to be covered. */
  throughSeq: number;
  /** The longest summary, in tokens. */
  maxTokens: number;
  /** The most tokens of messages that are given to the model at once. */
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

/** Most messages looked at for one call. */
const CHUNK_MESSAGES = 200;
/** Most calls in one turn; a longer backlog is worked off over several. */
const CALLS_PER_TURN = 3;
/** How long a conversation is left alone after a failure, so that not every turn waits for the next one, milliseconds. */
const PAUSE_MS = 30_000;
/** What a message costs around its text. */
const TOKENS_AROUND = 16;

/**
 * Keeps summaries up to date: folds the oldest messages in, each once, chunk by chunk. A failure is logged and leaves
 * the summary as it is: the prompt then goes without the messages that do not fit, and a later turn tries again.
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

  /** One call to the model and one write; null when there was nothing to fold in. */
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
    // Whoever was first has a summary too: theirs is gone on from.
    const state = stored ? to : await deps.repository.summaryState(sessionId);
    return { state: state ?? to, usage: usage ?? null };
  }

  return {
    /** Never throws but for an aborted signal. */
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

/** As many of the oldest whole turns as one call can take, at least one: a summary covers a turn or it does not. */
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
  // A turn of more messages than one call looks at: better in part than never.
  return messages.slice(0, end === 0 ? messages.length : end);
}

function toMaterial({ role, content }: HistoryMessage, { chunkTokens, count }: SummaryJob): PromptMessage {
  return { role, content: clipToTokens(content, Math.max(1, chunkTokens - TOKENS_AROUND), count) };
}
