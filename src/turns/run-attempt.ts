import type { Bot, BotProgress, BotResult, Turn } from "../bots/bot.ts";
import { BotError } from "../core/errors.ts";

/** Why a running attempt was stopped from outside. */
export type StopReason = "cancelled" | "interrupted" | "lease_lost" | "shutdown";

export type AttemptOutcome =
  | { kind: "answered"; result: BotResult }
  | { kind: "stopped"; reason: StopReason }
  | { kind: "failed"; code: string; reason: string; retryable: boolean; retryAfterMs: number | null };

/** Carries the reason a turn is stopped through an AbortSignal. */
export class TurnStopped extends Error {
  readonly stopReason: StopReason;
  constructor(stopReason: StopReason) {
    super(`turn ${stopReason}`);
    this.name = "TurnStopped";
    this.stopReason = stopReason;
  }
}

/** A reason of our own: without one every turn would pay for a DOMException nobody reads. */
const ENDED = "the attempt ended";

/**
 * Asks the bot once. Ends when the bot ends, when `stop` aborts, or after `timeoutMs`, whichever is first: a bot that
 * ignores its signal holds nothing up. What it emits after that is dropped.
 */
export async function runAttempt(
  bot: Bot,
  turn: Turn,
  options: { stop: AbortSignal; timeoutMs: number; onProgress: (progress: BotProgress) => void },
): Promise<AttemptOutcome> {
  const { stop, timeoutMs } = options;
  const abort = new AbortController();
  return new Promise((resolve) => {
    const end = (outcome: AttemptOutcome, why: unknown) => {
      clearTimeout(timer);
      // By hand: a listener that another signal takes away is held weakly, and lives on until the whole heap is collected.
      stop.removeEventListener("abort", stopped);
      resolve(outcome);
      abort.abort(why);
    };
    const stopped = () => {
      const reason = stop.reason instanceof TurnStopped ? stop.reason.stopReason : "cancelled";
      end({ kind: "stopped", reason }, stop.reason);
    };
    const timer = setTimeout(() => {
      const reason = `the bot did not answer within ${timeoutMs} ms`;
      const outcome = {
        kind: "failed",
        code: "timeout",
        reason,
        retryable: true,
        retryAfterMs: null,
      } as const;
      end(outcome, new BotError("timeout", reason));
    }, timeoutMs);
    stop.addEventListener("abort", stopped);
    if (stop.aborted) return stopped();
    const emit = (progress: BotProgress) => {
      if (!abort.signal.aborted) options.onProgress(progress);
    };
    void askBot(bot, turn, { signal: abort.signal, emit }).then((outcome) => end(outcome, ENDED));
  });
}

async function askBot(bot: Bot, turn: Turn, output: Parameters<Bot["answer"]>[1]): Promise<AttemptOutcome> {
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
