import type { Bot, BotProgress, Turn } from "../../bots/bot.ts";
import type { ToolStep } from "../../core/message/live-stream.ts";
import type { ReplyLimits } from "../../core/message/reply-parts.ts";
import type { Stop } from "../../core/process/stop.ts";
import type { AgentDefinition } from "../../core/session/agent-definition.ts";
import { storablePiece } from "../../core/text/text.ts";
import type { PendingMessage } from "../lanes/pending-messages-repository.ts";
import type { TurnStream } from "../streams/turn-streams.ts";
import { answeredTurn } from "./answered-turn.ts";
import { createAttemptLimits } from "./attempt-limits.ts";
import { type Failure, runAttempt } from "./run-attempt.ts";
import type { TurnOutcome } from "./turn-outcome.ts";
import { failedTurn } from "./unanswered-turn.ts";

/** The messages that one turn answers. The newest one's execution is the turn's. */
export interface TurnRun {
  messages: [PendingMessage, ...PendingMessage[]];
  agent: AgentDefinition;
  bot: Bot;
  turn: Turn;
  stream: TurnStream;
  stop: Stop;
  /** Attempts made before this process took over. */
  attemptsBefore: number;
  /** The limits of the session's channel for a reply. */
  limits: ReplyLimits;
  now(): Date;
  wait(ms: number, signal: AbortSignal): Promise<void>;
  /** The turn's current progress, for a reset that waits. */
  onPulse(pulse: TurnPulse): void;
  /** The bot wrote more of the answer that followers see. */
  onText(text: string): void;
  /** The bot began to use a tool, or got its result. */
  onStep(step: ToolStep): void;
  /** `retryInMs` is null after the last attempt. */
  onFailedAttempt(attempt: number, outcome: Failure, retryInMs: number | null): void;
}

/** `sign`: the bot was asked, or showed progress. `pause`: nothing happens before the next attempt. */
export type TurnPulse = "sign" | "pause";

/**
 * After this many processes ended while answering a message, no other process tries it. The message may be the cause.
 */
const MOST_TAKEOVERS = 10;

/** The part of an answer that followers have seen. */
interface Shown {
  /** The length of the text. */
  emitted: number;
  /** The bot took its text back, so no more of it is shown. */
  retracted: boolean;
}

/** Runs the bot until it answers or has failed for good, and prepares the commit. It commits nothing itself. */
export async function runTurn(run: TurnRun): Promise<TurnOutcome> {
  const startedAt = run.now();
  const shown: Shown = { emitted: 0, retracted: false };
  const patience = createAttemptLimits(run.agent.turns, () => run.now().getTime() - startedAt.getTime());
  let attempt = run.attemptsBefore;
  if (attempt >= Math.max(MOST_TAKEOVERS, run.agent.turns.attempts)) {
    const ending = abandonedAfter(attempt);
    run.onFailedAttempt(attempt, ending, null);
    return failedTurn(run, ending, { attempt, startedAt });
  }
  for (;;) {
    attempt += 1;
    // A user may already see the text of a failed attempt. So the next attempt is not streamed after it: its whole text
    // comes with the terminal event.
    const streaming = shown.emitted === 0;
    run.onPulse("sign");
    const outcome = await runAttempt(run.bot, run.turn, {
      stop: run.stop,
      timeoutMs: run.agent.turns.timeoutMs,
      silentMs: patience.longestAttempt(),
      onProgress: (progress) => {
        run.onPulse("sign");
        show(run, shown, streaming, progress);
      },
    });
    if (outcome.kind === "stopped") return { kind: "stopped", reason: outcome.reason };
    if (outcome.kind === "answered") {
      const { emitted, retracted } = shown;
      const isShown = streaming && !retracted && emitted > 0;
      return answeredTurn(run, outcome.result, { attempt, startedAt, emitted, isShown });
    }
    const isLast = !outcome.retryable || attempt >= run.agent.turns.attempts;
    const pauseMs = isLast ? null : patience.pause(attempt, outcome.retryAfterMs);
    const fault = isLast || pauseMs !== null ? outcome : tooLate(outcome);
    run.onFailedAttempt(attempt, fault, pauseMs);
    if (pauseMs === null) return failedTurn(run, fault, { attempt, startedAt });
    run.onPulse("pause");
    await run.wait(pauseMs, run.stop.signal);
  }
}

/** Shows followers a progress of the bot. Without `streaming`, they get the text with the terminal event. */
function show(run: TurnRun, shown: Shown, streaming: boolean, progress: BotProgress): void {
  if (progress.type === "retraction") {
    shown.retracted = true;
    return;
  }
  const isShown = streaming && !shown.retracted;
  if (progress.type === "content" || progress.type === "thinking") {
    if (!isShown || progress.content === "") return;
    const content = storablePiece(progress.content);
    if (progress.type === "content") {
      shown.emitted += content.length;
      run.onText(content);
    }
    run.stream.append(progress.type, { content });
    return;
  }
  if (isShown) run.onStep(stepOf(progress));
  const { type, ...data } = progress;
  run.stream.append(type, data);
}

/** Bots tell a failed tool by the first word of its summary. */
function stepOf(progress: Extract<BotProgress, { type: "tool_start" | "tool_end" }>): ToolStep {
  const { id, name } = progress;
  if (progress.type === "tool_start") return { id, name, state: "running" };
  return { id, name, state: progress.summary.startsWith("failed: ") ? "failed" : "done" };
}

function abandonedAfter(attempts: number): Failure {
  const reason = `${attempts} processes ended while they were answering this`;
  return { kind: "failed", code: "turn_abandoned", reason, retryable: false, retryAfterMs: null };
}

/** Another attempt would come when nobody waits any more. */
function tooLate(outcome: Failure): Failure {
  const { retryAfterMs } = outcome;
  const asked = retryAfterMs === null ? "" : ` and asks to wait ${Math.ceil(retryAfterMs / 1000)} s`;
  const reason = `${outcome.reason}${asked}: not tried again, as nobody waits so long (turns.patienceMs)`;
  return { ...outcome, reason };
}
