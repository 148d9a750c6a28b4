import type { Bot, BotProgress, BotResult, Turn, TurnOutput } from "../bots/bot.ts";
import { BotError } from "../core/errors.ts";
import { createStop, type Stop } from "../core/stop.ts";

/** Why a running attempt was stopped from outside. */
export type StopReason = "cancelled" | "interrupted" | "lease_lost" | "shutdown";

export type AttemptOutcome =
  | { kind: "answered"; result: BotResult }
  | { kind: "stopped"; reason: StopReason }
  | { kind: "failed"; code: string; reason: string; retryable: boolean; retryAfterMs: number | null };

/** Carries the reason a turn is stopped to whoever does something for it. */
export class TurnStopped extends Error {
  readonly stopReason: StopReason;
  constructor(stopReason: StopReason) {
    super(`turn ${stopReason}`);
    this.name = "TurnStopped";
    this.stopReason = stopReason;
  }
}

const ENDED = "the attempt ended";

/**
 * Asks the bot once. Ends when the bot ends, when it is stopped, or after `timeoutMs`, whichever is first: a bot that
 * ignores its signal holds nothing up. What it emits after that is dropped.
 */
export async function runAttempt(
  bot: Bot,
  turn: Turn,
  options: { stop: Stop; timeoutMs: number; onProgress: (progress: BotProgress) => void },
): Promise<AttemptOutcome> {
  const { stop, timeoutMs } = options;
  if (stop.why) return stoppedBy(stop.why.reason);
  const over = createStop();
  return new Promise((resolve) => {
    const end = (outcome: AttemptOutcome, why: unknown) => {
      clearTimeout(timer);
      leave();
      resolve(outcome);
      over.abort(why);
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
    const leave = stop.onAbort((why) => end(stoppedBy(why), why));
    const output: TurnOutput = {
      get signal() {
        return over.signal;
      },
      emit(progress) {
        if (!over.why) options.onProgress(progress);
      },
    };
    void askBot(bot, turn, output).then((outcome) => end(outcome, ENDED));
  });
}

function stoppedBy(why: unknown): AttemptOutcome {
  return { kind: "stopped", reason: why instanceof TurnStopped ? why.stopReason : "cancelled" };
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
