import type { Bot, BotProgress, BotResult, Turn, TurnOutput } from "../../bots/bot.ts";
import { BotError } from "../../core/faults/errors.ts";
import { createStop, type Stop } from "../../core/process/stop.ts";

/** The reason why a running attempt was stopped from outside. */
export type StopReason = "cancelled" | "interrupted" | "reset" | "lease_lost" | "shutdown";

export type AttemptOutcome =
  | { kind: "answered"; result: BotResult }
  | { kind: "stopped"; reason: StopReason }
  | { kind: "failed"; code: string; reason: string; retryable: boolean; retryAfterMs: number | null };

export type Failure = Extract<AttemptOutcome, { kind: "failed" }>;

/** Carries the reason for the stop to all code that works for the turn. */
export class TurnStopped extends Error {
  readonly stopReason: StopReason;
  constructor(stopReason: StopReason) {
    super(`turn ${stopReason}`);
    this.name = "TurnStopped";
    this.stopReason = stopReason;
  }
}

const ENDED = "the attempt ended";

export interface AttemptOptions {
  stop: Stop;
  timeoutMs: number;
  /** Maximum time without a sign of progress. */
  silentMs: number;
  onProgress: (progress: BotProgress) => void;
}

/**
 * Asks the bot once. Ends when the bot ends, when it is stopped, or after `timeoutMs`. It also ends after `silentMs`
 * without progress. A bot that ignores its signal delays nothing; its later output is dropped.
 */
export async function runAttempt(bot: Bot, turn: Turn, options: AttemptOptions): Promise<AttemptOutcome> {
  const { stop, timeoutMs, silentMs } = options;
  if (stop.why) return stoppedBy(stop.why.reason);
  const over = createStop();
  let silent = true;
  return new Promise((resolve) => {
    const end = (outcome: AttemptOutcome, why: unknown) => {
      clearTimeout(timer);
      leave();
      resolve(outcome);
      over.abort(why);
    };
    const timeOut = (limitMs: number) => {
      const reason = `the bot did not answer within ${limitMs} ms`;
      const outcome = {
        kind: "failed",
        code: "timeout",
        reason,
        retryable: true,
        retryAfterMs: null,
      } as const;
      end(outcome, new BotError("timeout", reason));
    };
    const firstMs = Math.min(silentMs, timeoutMs);
    let timer = setTimeout(() => {
      if (silent || firstMs === timeoutMs) return timeOut(firstMs);
      timer = setTimeout(timeOut, timeoutMs - firstMs, timeoutMs);
    }, firstMs);
    const leave = stop.onAbort((why) => end(stoppedBy(why), why));
    const output: TurnOutput = {
      get signal() {
        return over.signal;
      },
      emit(progress) {
        silent = false;
        if (!over.why) options.onProgress(progress);
      },
    };
    void askBot(bot, turn, output).then((outcome) => end(outcome, ENDED));
  });
}

function stoppedBy(why: unknown): AttemptOutcome {
  return { kind: "stopped", reason: stopReasonOf(why) };
}

/** The reason of a stop, from the value that its signal carries. */
export function stopReasonOf(why: unknown): StopReason {
  return why instanceof TurnStopped ? why.stopReason : "cancelled";
}

async function askBot(bot: Bot, turn: Turn, output: TurnOutput): Promise<AttemptOutcome> {
  try {
    const result = await bot.answer(turn, output);
    const replies = result.replies.filter(
      (reply) => reply.content.trim() !== "" || reply.attachments?.length,
    );
    if (replies.length === 0 && !result.silent) {
      return {
        kind: "failed",
        code: "empty_reply",
        reason: "the bot answered nothing",
        retryable: true,
        retryAfterMs: null,
      };
    }
    return { kind: "answered", result: { ...result, replies } };
  } catch (error) {
    if (error instanceof BotError) {
      const { code, message, retryable, retryAfterMs } = error;
      return { kind: "failed", code, reason: message, retryable, retryAfterMs };
    }
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return { kind: "failed", code: "bot_threw", reason, retryable: true, retryAfterMs: null };
  }
}
