import { createStop } from "../../core/process/stop.ts";
import { wait } from "../../core/time/wait.ts";
import { inSpan } from "../../core/trace/current-span.ts";
import type { BudgetedTurn } from "../budgets/budget.ts";
import type { PendingMessage } from "../lanes/pending-messages-repository.ts";
import type { ResetLimit } from "../lanes/reset-limit.ts";
import type { Lane } from "../lanes/turn-repository.ts";
import type { TurnLookups } from "../prompt/turn-context.ts";
import type { LivePreview } from "../streams/live-preview.ts";
import { createTurnEnding, type TurnIds } from "./end-turn.ts";
import { createRunningMarks } from "./mark-running.ts";
import { runTurn, type TurnRun } from "./run-turn.ts";
import { createSkip } from "./skip-message.ts";
import { createSpeaking, speakingOf } from "./speak-replies.ts";
import type { LoadedAgent, Next, Running, TurnEngineDeps } from "./turn-deps.ts";
import { describeTurn, inputOf } from "./turn-input.ts";
import type { TurnOutcome } from "./turn-outcome.ts";
import { refusedTurn } from "./unanswered-turn.ts";

/** Answers messages of a lane: asks the bot, and ends the turn with its replies. */
export function createAnswering(deps: TurnEngineDeps, resetLimit: ResetLimit) {
  const { lanes, shown, records } = deps;
  const { clock, log } = records;
  const endTurn = createTurnEnding(deps);
  const speakReplies = createSpeaking(deps);
  const { takeOver, showOnceItLasts } = createRunningMarks(deps);

  /** One turn, from the first notice to the commit. */
  async function answer(
    running: Running,
    agent: LoadedAgent,
    messages: [PendingMessage, ...PendingMessage[]],
    takenOver: boolean,
  ): Promise<Next> {
    const { lane } = running;
    const startedAt = clock.now();
    const { main, executionId, ids, stream } = begin(running, messages);
    let hide = () => {};
    const span = records.trace(lane, agent, messages);
    const preview = shown.previews.open(lane, { id: executionId, left: main.preview });
    try {
      // After a takeover, one of the messages may have crashed the lane's last owner. So the attempt is counted before
      // it is made.
      if (takenOver) await takeOver(lane, executionId, main.attempts, startedAt);
      hide = showOnceItLasts(lane, messages, takenOver ? null : { executionId, startedAt });
      const input = await inputOf(messages, deps.input.attachments, running.stop);
      const lookups = deps.input.context(lane, agent, messages, input);
      const channel = lanes.channel(lane.channelId);
      const speak = speakingOf(agent, channel, input);
      const run: TurnRun = {
        messages,
        agent: agent.definition,
        bot: agent.bot,
        turn: describeTurn({ lane, executionId, channel: channel.name }, agent, input, lookups),
        stream,
        stop: running.stop,
        attemptsBefore: main.attempts,
        limits: channel,
        now: () => clock.now(),
        wait,
        // A text that is to be spoken is not shown while it is written.
        ...listenersOf(running, ids, speak === null ? preview : null),
      };
      const budgeted = budgetedTurn(lane, agent, messages, lookups);
      const answered = await inSpan(span, () => ask(run, budgeted, ids));
      const outcome =
        speak === null ? answered : await speakReplies({ running, agent, executionId }, speak, answered);
      hide();
      const standing = (await preview?.end()) ?? null;
      const turn = {
        messages,
        stream,
        executionId,
        agentVersion: agent.version,
        startedAt,
        preview: standing,
        span,
        ids,
      };
      return await endTurn(running, turn, outcome);
    } finally {
      hide();
      void preview?.end();
      running.batch = null;
      stream.close();
    }
  }

  /** Marks the turn as running, opens its stream and tells the followers. */
  function begin(running: Running, messages: [PendingMessage, ...PendingMessage[]]) {
    const { lane } = running;
    const main = messages.at(-1) ?? messages[0];
    const executionId = main.executionId ?? main.id;
    const ids = { session_id: lane.sessionId, execution_id: executionId, message_id: main.id };
    running.batch = { kind: "turn", messages };
    running.stop = createStop();
    resetLimit.onBegin(running);
    const stream = shown.streams.open(executionId, main.attempts + running.again);
    stream.append("execution", { execution_id: executionId, user_message_id: main.id });
    shown.notify(lane, { type: "turn", executionId });
    return { main, executionId, ids, stream };
  }

  /** Takes the progress of a turn: for a waiting reset, for the preview, and for the log and the trail. */
  function listenersOf(
    running: Running,
    ids: TurnIds,
    preview: LivePreview | null,
  ): Pick<TurnRun, "onPulse" | "onText" | "onStep" | "onFailedAttempt"> {
    return {
      onPulse: (pulse) => resetLimit.onPulse(running, pulse),
      onText: (text) => preview?.add(text),
      onStep: (step) => preview?.step(step),
      onFailedAttempt(attempt, { code, reason }, retryInMs) {
        log.warn({ ...ids, attempt, code, reason }, "the bot failed");
        const [sessionId, executionId] = [ids.session_id, ids.execution_id];
        const outcome = retryInMs === null ? "failed" : "retry";
        records.noteIncident({ sessionId, executionId, attempt, code, reason, outcome, retryInMs });
      },
    };
  }

  /** Asks the bot, unless the agent's budget is used up. */
  async function ask(run: TurnRun, budgeted: BudgetedTurn, ids: TurnIds): Promise<TurnOutcome> {
    const refusal = await lanes.budgets.admit(budgeted);
    if (refusal) {
      log.info({ ...ids, reason: refusal.reason }, "the bot is not called");
      return refusedTurn(run, refusal);
    }
    const outcome = await runTurn(run);
    if (outcome.kind === "ended") {
      const used = outcome.executions.reduce((sum, { totalTokens }) => sum + (totalTokens ?? 0), 0);
      await lanes.budgets.settle(budgeted, used);
    }
    return outcome;
  }

  return { answer, skip: createSkip(deps) };
}

function budgetedTurn(
  { sessionId, user }: Lane,
  agent: LoadedAgent,
  messages: readonly PendingMessage[],
  { promptTokens }: TurnLookups,
): BudgetedTurn {
  return { agent, sessionId, userId: user?.id ?? null, messages, promptTokens };
}
