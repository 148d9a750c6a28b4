import type { Turn, TurnInput } from "../bots/bot.ts";
import { createStop, type Stop } from "../core/stop.ts";
import { wait } from "../core/wait.ts";
import type { BudgetedTurn } from "./budget.ts";
import { createTurnEnding, type TurnIds } from "./end-turn.ts";
import type { TurnIncident } from "./execution-repository.ts";
import { cancelledTurn, refusedTurn, runTurn, type TurnOutcome, type TurnRun } from "./run-turn.ts";
import type { TurnLookups } from "./turn-context.ts";
import {
  type LoadedAgent,
  laneOf,
  type Next,
  type Running,
  type TurnEngineDeps,
  type TurnFiles,
} from "./turn-deps.ts";
import type { Lane, PendingMessage } from "./turn-repository.ts";

/** Shorter turns are never marked `running`: the mark would be a write nobody gets to see, milliseconds. */
const LASTING_MS = 50;
const ENDED = "the turn ended";
const NO_FILES: TurnFiles = new Map();

/** Answers messages of a lane: asks the bot, and ends the turn with what it said. */
export function createAnswering(deps: TurnEngineDeps) {
  const endTurn = createTurnEnding(deps);

  /** A message whose execution was cancelled while it waited counts as dealt with; whoever follows it is told. */
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
      return result.more ? "more" : "released";
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
    const startedAt = deps.clock.now();
    const stream = deps.streams.open(executionId, main.attempts);
    stream.append("execution", { execution_id: executionId, user_message_id: main.id });
    deps.notify(lane, { type: "turn", executionId });
    let hide = () => {};
    const preview = deps.previews.open(lane, { id: executionId, left: main.preview });
    try {
      // A lane taken over may hold the message that killed its last owner: count the attempt before making it.
      if (takenOver) await takeOver(lane, executionId, main.attempts, startedAt);
      hide = showOnceItLasts(lane, takenOver ? null : { executionId, startedAt });
      const input = await inputOf(messages, running.stop);
      const lookups = deps.context(lane, agent, messages, input);
      const run: TurnRun = {
        messages,
        agent: agent.definition,
        bot: agent.bot,
        turn: describeTurn(lane, agent, executionId, input, lookups),
        stream,
        stop: running.stop,
        attemptsBefore: main.attempts,
        limits: deps.channel(lane.channelId),
        now: () => deps.clock.now(),
        wait,
        onText: (text) => preview?.add(text),
        onFailedAttempt(attempt, { code, reason }, retryInMs) {
          deps.log.warn({ ...ids, attempt, code, reason }, "the bot failed");
          const outcome = retryInMs === null ? "failed" : "retry";
          note({ sessionId: lane.sessionId, executionId, attempt, code, reason, outcome, retryInMs });
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
      const outcome = await ask(run, budgeted, ids);
      hide();
      const standing = (await preview?.end()) ?? null;
      const turn = { messages, stream, executionId, startedAt, preview: standing, ids };
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

  /** Counts an attempt before it is made; one that another process had begun is part of the story. */
  async function takeOver(lane: Lane, executionId: string, attempts: number, startedAt: Date): Promise<void> {
    await deps.repository.markRunning(executionId, attempts + 1, startedAt);
    if (attempts === 0) return;
    note({
      sessionId: lane.sessionId,
      executionId,
      attempt: attempts,
      code: "taken_over",
      reason: "the process that was asking the bot ended, or gave the turn up",
      outcome: "retry",
      retryInMs: null,
    });
  }

  /** The turn does not wait for it: without it the story lacks a line, and nothing else. */
  function note(incident: Omit<TurnIncident, "at">): void {
    deps.noteIncident({ ...incident, at: deps.clock.now() }).catch((error: unknown) => {
      deps.log.warn({ err: error, execution_id: incident.executionId }, "could not note an incident");
    });
  }

  /** Most turns are over before anybody could see that they last. Returns what ends what is shown. */
  function showOnceItLasts(
    lane: Lane,
    unmarked: { executionId: string; startedAt: Date } | null,
  ): () => void {
    const over = createStop();
    const timer = setTimeout(() => {
      if (unmarked) markRunning(unmarked.executionId, unmarked.startedAt);
      deps.showTyping(lane, over.signal);
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

  /** Spelled out, as everything that is made for each message: taking properties over one by one is slow. */
  function describeTurn(
    lane: Lane,
    { id, definition, version }: LoadedAgent,
    executionId: string,
    input: readonly TurnInput[],
    { prompt, history, participantData, coming, overhead }: TurnLookups,
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
      coming,
      overhead,
    };
  }

  /** What the turn answers; files that are still on their way are waited for a while. */
  async function inputOf(messages: readonly PendingMessage[], stop: Stop): Promise<TurnInput[]> {
    const withFiles = messages.filter((message) => message.hasAttachments).map(({ id }) => id);
    const files = withFiles.length === 0 ? NO_FILES : await deps.attachments(withFiles, stop.signal);
    return messages.map((message) => ({
      messageId: message.id,
      text: message.content,
      instruction: message.origin === "instruction",
      ...(message.payload === null ? {} : { payload: message.payload }),
      attachments: files.get(message.id) ?? [],
    }));
  }

  return { answer, skip };
}
