import type { Turn, TurnInput } from "../../bots/bot.ts";
import { createStop, type Stop } from "../../core/process/stop.ts";
import { wait } from "../../core/time/wait.ts";
import { inSpan } from "../../core/trace/current-span.ts";
import type { BudgetedTurn } from "../budgets/budget.ts";
import type { PendingMessage } from "../lanes/pending-messages-repository.ts";
import type { ResetLimit } from "../lanes/reset-limit.ts";
import type { Lane } from "../lanes/turn-repository.ts";
import type { TurnLookups } from "../prompt/turn-context.ts";
import { answeredBy } from "./answered.ts";
import { createTurnEnding, type TurnIds } from "./end-turn.ts";
import { runTurn, type TurnRun } from "./run-turn.ts";
import { createSpeaking, speakingOf } from "./speak-replies.ts";
import {
  type LoadedAgent,
  laneOf,
  type Next,
  nextAfter,
  type Running,
  type TurnEngineDeps,
  type TurnFiles,
} from "./turn-deps.ts";
import type { TurnOutcome } from "./turn-outcome.ts";
import { cancelledTurn, refusedTurn } from "./unanswered-turn.ts";

/** Shorter turns are never marked `running`, because nobody would see that write, milliseconds. */
const LASTING_MS = 50;
const ENDED = "the turn ended";
const NO_FILES: TurnFiles = new Map();

/** Answers messages of a lane: asks the bot, and ends the turn with its replies. */
export function createAnswering(deps: TurnEngineDeps, resetLimit: ResetLimit) {
  const endTurn = createTurnEnding(deps);
  const speakReplies = createSpeaking(deps);

  /** A message whose execution was cancelled while it waited counts as answered. Its followers are notified. */
  async function skip(running: Running, message: PendingMessage): Promise<Next> {
    const { executionId } = message;
    const stream = deps.streams.open(executionId ?? message.id, message.attempts);
    stream.append("execution", { execution_id: executionId, user_message_id: message.id });
    const ending = cancelledTurn([message], stream, {
      code: "cancelled",
      reason: "cancelled by request",
      startedAt: deps.clock.now(),
    });
    try {
      const result = await deps.finish({ ...laneOf(running.lane), answeredSeq: message.seq, ...ending });
      if (result.kind === "lost") return "released";
      deps.onSilence(running.lane, { executionId, answers: answeredBy([message]) }, "cancelled");
      return nextAfter(result);
    } finally {
      stream.close();
    }
  }

  /** One turn, from the first notice to the commit. */
  async function answer(
    running: Running,
    agent: LoadedAgent,
    messages: [PendingMessage, ...PendingMessage[]],
    takenOver: boolean,
  ): Promise<Next> {
    const { lane } = running;
    const main = messages.at(-1) ?? messages[0];
    const executionId = main.executionId ?? main.id;
    const ids = { session_id: lane.sessionId, execution_id: executionId, message_id: main.id };
    running.batch = { kind: "turn", messages };
    running.stop = createStop();
    resetLimit.onBegin(running);
    const startedAt = deps.clock.now();
    const stream = deps.streams.open(executionId, main.attempts + running.again);
    stream.append("execution", { execution_id: executionId, user_message_id: main.id });
    deps.notify(lane, { type: "turn", executionId });
    let hide = () => {};
    const span = deps.trace(lane, agent, messages);
    const preview = deps.previews.open(lane, { id: executionId, left: main.preview });
    try {
      // After a takeover, one of the messages may have crashed the lane's last owner. So the attempt is counted before
      // it is made.
      if (takenOver) await takeOver(lane, executionId, main.attempts, startedAt);
      hide = showOnceItLasts(lane, messages, takenOver ? null : { executionId, startedAt });
      const input = await inputOf(messages, running.stop);
      const lookups = deps.context(lane, agent, messages, input);
      const channel = deps.channel(lane.channelId);
      const speak = speakingOf(agent, channel, input);
      const run: TurnRun = {
        messages,
        agent: agent.definition,
        bot: agent.bot,
        turn: describeTurn(lane, agent, executionId, input, lookups),
        stream,
        stop: running.stop,
        attemptsBefore: main.attempts,
        limits: channel,
        now: () => deps.clock.now(),
        wait,
        onPulse: (pulse) => resetLimit.onPulse(running, pulse),
        // A text that is to be spoken is not shown while it is written.
        onText: (text) => (speak === null ? preview?.add(text) : undefined),
        onStep: (step) => (speak === null ? preview?.step(step) : undefined),
        onFailedAttempt(attempt, { code, reason }, retryInMs) {
          deps.log.warn({ ...ids, attempt, code, reason }, "the bot failed");
          const outcome = retryInMs === null ? "failed" : "retry";
          deps.noteIncident({
            sessionId: lane.sessionId,
            executionId,
            attempt,
            code,
            reason,
            outcome,
            retryInMs,
          });
        },
      };
      const { promptTokens } = lookups;
      const budgeted = {
        agent,
        sessionId: lane.sessionId,
        userId: lane.user?.id ?? null,
        messages,
        promptTokens,
      };
      const answered = await inSpan(span, () => ask(run, budgeted, ids));
      const outcome =
        speak === null ? answered : await speakReplies({ running, agent, executionId }, speak, answered);
      hide();
      const standing = (await preview?.end()) ?? null;
      const turn = { messages, stream, executionId, startedAt, preview: standing, span, ids };
      return await endTurn(running, turn, outcome);
    } finally {
      hide();
      void preview?.end();
      running.batch = null;
      stream.close();
    }
  }

  /** Asks the bot, unless the agent's budget is used up. */
  async function ask(run: TurnRun, budgeted: BudgetedTurn, ids: TurnIds): Promise<TurnOutcome> {
    const refusal = await deps.budgets.admit(budgeted);
    if (refusal) {
      deps.log.info({ ...ids, reason: refusal.reason }, "the bot is not asked");
      return refusedTurn(run, refusal);
    }
    const outcome = await runTurn(run);
    if (outcome.kind === "ended") {
      const used = outcome.executions.reduce((sum, { totalTokens }) => sum + (totalTokens ?? 0), 0);
      await deps.budgets.settle(budgeted, used);
    }
    return outcome;
  }

  /** Counts an attempt before it is made. An attempt that another process began is added to the trail. */
  async function takeOver(lane: Lane, executionId: string, attempts: number, startedAt: Date): Promise<void> {
    await deps.repository.markRunning(executionId, attempts + 1, startedAt);
    if (attempts === 0) return;
    deps.noteIncident({
      sessionId: lane.sessionId,
      executionId,
      attempt: attempts,
      code: "taken_over",
      reason: "the process that was asking the bot ended, or gave the turn up",
      outcome: "retry",
      retryInMs: null,
    });
  }

  /** Most turns end before anybody could notice the wait. Returns a function that ends the typing indicator. */
  function showOnceItLasts(
    lane: Lane,
    messages: readonly PendingMessage[],
    unmarked: { executionId: string; startedAt: Date } | null,
  ): () => void {
    const over = createStop();
    const timer = setTimeout(() => {
      if (unmarked) markRunning(unmarked.executionId, unmarked.startedAt);
      deps.showTyping(lane, over.signal, messages);
    }, LASTING_MS);
    return () => {
      clearTimeout(timer);
      over.abort(ENDED);
    };
  }

  function markRunning(executionId: string, startedAt: Date): void {
    deps.repository.markRunning(executionId, 1, startedAt).catch((error: unknown) => {
      deps.log.warn({ err: error, execution_id: executionId }, "could not mark a turn as running");
    });
  }

  /** Lists every property, as all code for each message does. Copying an object's properties one by one is slow. */
  function describeTurn(
    lane: Lane,
    { id, definition, version }: LoadedAgent,
    executionId: string,
    input: readonly TurnInput[],
    { prompt, history, participantData, language, coming, overhead }: TurnLookups,
  ): Turn {
    return {
      executionId,
      session: { id: lane.sessionId, channel: deps.channel(lane.channelId).name, metadata: lane.metadata },
      agent: { id, slug: definition.slug, version },
      user: lane.user,
      input,
      prompt,
      history,
      participantData,
      language,
      coming,
      overhead,
    };
  }

  /** The input of the turn. Files that are still loading are waited for, for a limited time. */
  async function inputOf(messages: readonly PendingMessage[], stop: Stop): Promise<TurnInput[]> {
    const withFiles = messages.filter((message) => message.hasAttachments).map(({ id }) => id);
    const files = withFiles.length === 0 ? NO_FILES : await deps.attachments(withFiles, stop.signal);
    return messages.map((message) => ({
      messageId: message.id,
      text: message.content,
      // A visitor's instruction is a user's request, so it never gets an operator's authority.
      instruction: message.origin === "instruction" && message.role === "system",
      ...(message.origin === "instruction" && message.role === "user" && { isOpeningRequest: true }),
      ...(message.context === null ? {} : { context: message.context }),
      ...(message.details === null ? {} : { details: message.details }),
      ...(message.payload === null ? {} : { payload: message.payload }),
      attachments: files.get(message.id) ?? [],
    }));
  }

  return { answer, skip };
}
