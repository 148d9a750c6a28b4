import type { Turn, TurnInput } from "../bots/bot.ts";
import type { Logger } from "../core/logger.ts";
import { wait } from "../core/wait.ts";
import type { BudgetedTurn } from "./budget.ts";
import { createTurnEnding } from "./end-turn.ts";
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

/** Turns shorter than this are never marked `running`: the mark would be a write nobody gets to see, milliseconds. */
const RUNNING_MARK_MS = 50;
/** A reason of our own: without one every turn would pay for a DOMException nobody reads. */
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
    const log = deps.log.child({
      session_id: lane.sessionId,
      execution_id: executionId,
      message_id: main.id,
    });
    running.batch = { kind: "turn", messages };
    running.stop = new AbortController();
    const startedAt = deps.clock.now();
    const stream = deps.streams.open(executionId, main.attempts);
    stream.append("execution", { execution_id: executionId, user_message_id: main.id });
    deps.notify(lane, { type: "turn", executionId });
    const shown = new AbortController();
    const preview = deps.previews.open(lane, { id: executionId, left: main.preview });
    try {
      // A lane taken over may hold the message that killed its last owner: count the attempt before making it.
      if (takenOver) await takeOver(lane, executionId, main.attempts, startedAt);
      else markRunningSoon(executionId, startedAt, shown.signal);
      deps.showTyping(lane, shown.signal);
      const input = await inputOf(messages, running.stop.signal);
      const lookups = deps.context(lane, agent, messages, input);
      const run: TurnRun = {
        messages,
        agent: agent.definition,
        bot: agent.bot,
        turn: describeTurn(lane, agent, executionId, input, lookups),
        stream,
        stop: running.stop.signal,
        attemptsBefore: main.attempts,
        limits: deps.channel(lane.channelId),
        now: () => deps.clock.now(),
        wait,
        onAttempt: () => {},
        onText: (text) => preview?.add(text),
        onFailedAttempt(attempt, { code, reason }, retryInMs) {
          log.warn({ attempt, code, reason }, "the bot failed");
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
      const outcome = await ask(run, budgeted, log);
      shown.abort(ENDED);
      const standing = (await preview?.end()) ?? null;
      const turn = { messages, stream, executionId, startedAt, preview: standing, log };
      return await endTurn(running, turn, outcome);
    } finally {
      shown.abort(ENDED);
      void preview?.end();
      running.batch = null;
      stream.close();
    }
  }

  /** Asks the bot, unless the agent's budget is used up. */
  async function ask(run: TurnRun, budgeted: BudgetedTurn, log: Logger): Promise<TurnOutcome> {
    const refusal = await deps.budgets.admit(budgeted);
    if (refusal) {
      log.info({ reason: refusal.reason }, "the bot is not asked");
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

  function markRunningSoon(executionId: string, startedAt: Date, over: AbortSignal): void {
    const timer = setTimeout(() => {
      deps.repository.markRunning(executionId, 1, startedAt).catch((error: unknown) => {
        deps.log.warn({ err: error, execution_id: executionId }, "could not mark a turn as running");
      });
    }, RUNNING_MARK_MS);
    over.addEventListener("abort", () => clearTimeout(timer), { once: true });
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
  async function inputOf(messages: readonly PendingMessage[], stop: AbortSignal): Promise<TurnInput[]> {
    const withFiles = messages.filter((message) => message.hasAttachments).map(({ id }) => id);
    const files = withFiles.length === 0 ? NO_FILES : await deps.attachments(withFiles, stop);
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
