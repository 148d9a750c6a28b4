import type { Bot, Turn } from "../bots/bot.ts";
import type { AgentDefinition } from "../core/agent-definition.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { ChannelRef } from "../core/runtime.ts";
import { wait } from "../core/wait.ts";
import { type Batch, chooseBatch } from "./choose-batch.ts";
import { type StopReason, TurnStopped } from "./run-attempt.ts";
import { cancelledTurn, runTurn, type TurnEffects, type TurnOutcome } from "./run-turn.ts";
import type { TurnLookups } from "./turn-context.ts";
import type { Lane, PendingMessage, TurnCommit, TurnCommitted, TurnRepository } from "./turn-repository.ts";
import type { TurnStream, TurnStreams } from "./turn-streams.ts";

/** An agent version as turns need it. */
export interface LoadedAgent {
  id: string;
  version: number;
  definition: AgentDefinition;
  bot: Bot;
}

export interface TurnEngineDeps {
  repository: TurnRepository;
  streams: TurnStreams;
  /** The agent version a session runs on. */
  loadAgent(agentId: string, version: number): Promise<LoadedAgent>;
  channel(channelId: string): ChannelRef & { split(text: string): string[] };
  /** What a bot may look up, loaded when it does. */
  context(lane: Lane, agent: LoadedAgent, messages: readonly PendingMessage[]): TurnLookups;
  /** Commits a turn, batched with others that end at the same time. */
  finish(commit: TurnCommit): Promise<TurnCommitted>;
  /** Commits a turn that changes more than its session's messages. */
  finishWithEffects(commit: TurnCommit, lane: Lane, effects: TurnEffects): Promise<TurnCommitted>;
  /** Carries out `/reset`; returns the lane of the new session if messages wait there already. */
  reset(lane: Lane, command: PendingMessage, agent: LoadedAgent): Promise<Lane | null>;
  /** Moves committed replies on. */
  deliver(lane: Lane, deliveryIds: string[]): void;
  /** Tells whoever watches the session. */
  notify(lane: Lane, notice: { type: "turn" | "messages"; executionId?: string }): void;
  /** Shows the user that an answer is being written, until the signal aborts. */
  showTyping(lane: Lane, signal: AbortSignal): void;
  onTurnEnded(lane: Lane, status: string, seconds: number): void;
  clock: Clock;
  log: Logger;
}

/** Turns shorter than this are never marked `running`: the mark would be a write nobody gets to see, milliseconds. */
const RUNNING_MARK_MS = 50;
const PENDING_LIMIT = 100;
/** A reason of our own: without one every turn would pay for a DOMException nobody reads. */
const ENDED = "the turn ended";

/** How a lane goes on: with what is known to wait, with what Postgres says waits, or not at all. */
type Next = "more" | "reload" | "released";

interface Running {
  lane: Lane;
  stop: AbortController;
  /** What is being answered right now. */
  batch: Batch | null;
  policy: AgentDefinition["turns"]["policy"];
  /** A message came while nothing was being answered yet: what is known to wait is not all. */
  outdated: boolean;
}

export type TurnEngine = ReturnType<typeof createTurnEngine>;

/** Runs the lanes this process holds: one turn at a time each, in arrival order. */
export function createTurnEngine(deps: TurnEngineDeps) {
  const lanes = new Map<string, Running>();
  const work = new Set<Promise<void>>();
  let draining = false;

  /** Takes over a lane this process has just been given; `pending` is what waits there, where that is known. */
  function begin(lane: Lane, pending: PendingMessage[] | null): void {
    const running: Running = {
      lane,
      stop: new AbortController(),
      batch: null,
      policy: "queue",
      outdated: false,
    };
    lanes.set(lane.sessionId, running);
    const done = runLane(running, pending)
      .catch((error: unknown) => {
        // The lease runs out and the reconciler brings the lane back: nothing is lost, only late.
        deps.log.error({ err: error, session_id: lane.sessionId }, "a turn could not be carried out");
      })
      .finally(() => {
        if (lanes.get(lane.sessionId) === running) lanes.delete(lane.sessionId);
        work.delete(done);
      });
    work.add(done);
  }

  async function runLane(running: Running, known: PendingMessage[] | null): Promise<void> {
    const { lane } = running;
    const agent = await deps.loadAgent(lane.agentId, lane.agentVersion);
    running.policy = agent.definition.turns.policy;
    let pending = known;
    for (;;) {
      if (draining) return deps.repository.release([lane]);
      let inboundSeq = 0;
      if (pending === null || pending.length === 0 || (running.outdated && running.policy === "interrupt")) {
        running.outdated = false;
        ({ messages: pending, inboundSeq } = await deps.repository.pending(lane.sessionId, PENDING_LIMIT));
      }
      let batch = chooseBatch(pending, running.policy);
      if (
        batch?.kind === "turn" &&
        running.policy === "collect" &&
        (await collectWindow(running, agent, batch))
      ) {
        ({ messages: pending } = await deps.repository.pending(lane.sessionId, PENDING_LIMIT));
        batch = chooseBatch(pending, running.policy);
      }
      if (batch?.kind === "command") {
        const next = await deps.reset(lane, batch.message, agent);
        if (next) begin(next, null);
        return;
      }
      // A window may outlast the beginning of a stop, and reading what waits the arrival of more.
      if (draining || (running.outdated && running.policy === "interrupt")) continue;
      const takenOver = known === null;
      const next = !batch
        ? await settle(lane, inboundSeq)
        : batch.messages[0].cancelled
          ? await skip(running, batch.messages[0])
          : await runBatch(running, agent, batch.messages, takenOver);
      if (next === "released") return;
      const answered: readonly PendingMessage[] = batch?.messages[0].cancelled
        ? [batch.messages[0]]
        : (batch?.messages ?? []);
      pending = next === "reload" ? null : pending.filter((message) => !answered.includes(message));
    }
  }

  /** Waits until the collect window of the oldest message is over; false where it was over already. */
  async function collectWindow(running: Running, agent: LoadedAgent, batch: Batch): Promise<boolean> {
    if (batch.kind !== "turn" || batch.messages[0].origin !== "user") return false;
    const age = deps.clock.now().getTime() - batch.messages[0].createdAt.getTime();
    const left = agent.definition.turns.windowMs - Math.max(0, age);
    if (left > 0) await wait(left, running.stop.signal);
    return true;
  }

  /** Nothing to answer although something seemed to wait (it was deleted): the lane is released. */
  async function settle(lane: Lane, inboundSeq: number): Promise<Next> {
    const commit = { ...laneOf(lane), answeredSeq: inboundSeq, executions: [], replies: [] };
    const result = await deps.finish(commit);
    return result.kind === "committed" && result.more ? "reload" : "released";
  }

  /** A message whose execution was cancelled while it waited counts as dealt with; whoever follows it is told. */
  async function skip(running: Running, message: PendingMessage): Promise<Next> {
    const { executionId } = message;
    const stream = deps.streams.open(executionId ?? message.id);
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

  async function runBatch(
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
    const stream = deps.streams.open(executionId);
    stream.append("execution", { execution_id: executionId, user_message_id: main.id });
    deps.notify(lane, { type: "turn", executionId });
    const shown = new AbortController();
    try {
      // A lane taken over may hold the message that killed its last owner: count the attempt before making it.
      if (takenOver) await deps.repository.markRunning(executionId, main.attempts + 1, startedAt);
      else markRunningSoon(executionId, startedAt, shown.signal);
      deps.showTyping(lane, shown.signal);
      const outcome = await runTurn({
        messages,
        agent: agent.definition,
        bot: agent.bot,
        turn: describeTurn(lane, agent, messages, executionId),
        stream,
        stop: running.stop.signal,
        attemptsBefore: main.attempts,
        split: deps.channel(lane.channelId).split,
        now: () => deps.clock.now(),
        wait,
        onAttempt: () => {},
        onFailedAttempt: (attempt, failure) =>
          log.warn({ attempt, code: failure.code, reason: failure.reason }, "the bot failed"),
      });
      shown.abort(ENDED);
      return await commitOutcome(running, { messages, outcome, stream, startedAt, log });
    } finally {
      shown.abort(ENDED);
      running.batch = null;
      stream.close();
    }
  }

  async function commitOutcome(
    running: Running,
    turn: {
      messages: [PendingMessage, ...PendingMessage[]];
      outcome: TurnOutcome;
      stream: TurnStream;
      startedAt: Date;
      log: Logger;
    },
  ): Promise<Next> {
    const { lane } = running;
    const { outcome, stream, log } = turn;
    if (outcome.kind === "stopped") return stopped(running, turn, outcome.reason);
    const commit: TurnCommit = {
      ...laneOf(lane),
      answeredSeq: Math.max(...turn.messages.map((message) => message.seq)),
      executions: outcome.executions,
      replies: outcome.replies,
    };
    const result = outcome.effects
      ? await deps.finishWithEffects(commit, lane, outcome.effects)
      : await deps.finish(commit);
    const own = outcome.executions.at(-1);
    const status = own?.status ?? "completed";
    if (result.kind === "lost") {
      log.info({}, "the lease was lost: another process answers");
      return "released";
    }
    const last = own?.log?.at(-1);
    if (last) stream.append(last.type, last.data);
    const ids = outcome.replies.flatMap((reply) => reply.deliveries.map((delivery) => delivery.id));
    if (ids.length > 0) deps.deliver(lane, ids);
    deps.notify(lane, { type: "messages" });
    deps.onTurnEnded(lane, status, (deps.clock.now().getTime() - turn.startedAt.getTime()) / 1000);
    log.debug({ status, deliveries: ids }, "turn ended");
    return result.more ? "more" : "released";
  }

  /** A turn that was stopped: what waits stays waiting, except that a cancelled one counts as dealt with. */
  async function stopped(
    running: Running,
    turn: {
      messages: [PendingMessage, ...PendingMessage[]];
      stream: TurnStream;
      startedAt: Date;
      log: Logger;
    },
    reason: StopReason,
  ): Promise<Next> {
    turn.log.info({ reason }, "turn stopped");
    if (reason === "interrupted") return "reload";
    if (reason === "lease_lost") return "released";
    if (reason === "shutdown") {
      await deps.repository.release([running.lane]);
      return "released";
    }
    const ending = cancelledTurn(turn.messages, turn.stream, {
      code: "cancelled",
      reason: "cancelled by request",
      startedAt: turn.startedAt,
    });
    return commitOutcome(running, { ...turn, outcome: { kind: "ended", ...ending, effects: null } });
  }

  function markRunningSoon(executionId: string, startedAt: Date, over: AbortSignal): void {
    const timer = setTimeout(() => {
      deps.repository.markRunning(executionId, 1, startedAt).catch((error: unknown) => {
        deps.log.warn({ err: error, execution_id: executionId }, "could not mark a turn as running");
      });
    }, RUNNING_MARK_MS);
    over.addEventListener("abort", () => clearTimeout(timer), { once: true });
  }

  function describeTurn(
    lane: Lane,
    agent: LoadedAgent,
    messages: readonly PendingMessage[],
    executionId: string,
  ): Turn {
    return {
      executionId,
      session: { id: lane.sessionId, channel: deps.channel(lane.channelId).name, metadata: lane.metadata },
      agent: { id: agent.id, slug: agent.definition.slug, version: agent.version },
      user: lane.user,
      input: messages.map((message) => ({
        messageId: message.id,
        text: message.content,
        instruction: message.origin === "instruction",
      })),
      ...deps.context(lane, agent, messages),
    };
  }

  return {
    begin,
    holds: (sessionId: string, leaseToken?: number) => {
      const running = lanes.get(sessionId);
      return running !== undefined && (leaseToken === undefined || running.lane.leaseToken === leaseToken);
    },
    size: () => lanes.size,
    held: () => [...lanes.values()].map((running) => laneOf(running.lane)),
    runningExecutions: () =>
      [...lanes.values()].flatMap((running) =>
        running.batch?.kind === "turn" ? [running.batch.messages.at(-1)?.executionId ?? ""] : [],
      ),

    /** Looks for something that waits in a session and answers it, unless somebody does already. */
    async wake(sessionId: string): Promise<void> {
      if (draining || lanes.has(sessionId)) return;
      const lane = await deps.repository.claim(sessionId);
      if (lane) begin(lane, null);
    },

    /** A new message arrived in a session whose turn runs here: under `interrupt` it is aborted. */
    interrupt(sessionId: string): void {
      const running = lanes.get(sessionId);
      if (!running) return;
      if (running.batch?.kind !== "turn") running.outdated = true;
      else if (running.policy === "interrupt" && running.batch.messages[0].origin === "user") {
        running.stop.abort(new TurnStopped("interrupted"));
      }
    },

    /** Stops the turn of an execution if it runs here. */
    cancel(executionId: string): void {
      for (const running of lanes.values()) {
        if (running.batch?.kind !== "turn") continue;
        if (running.batch.messages.some((message) => message.executionId === executionId)) {
          running.stop.abort(new TurnStopped("cancelled"));
        }
      }
    },

    /** The lease of a session is gone: whatever runs must not write. */
    lost(sessionId: string): void {
      lanes.get(sessionId)?.stop.abort(new TurnStopped("lease_lost"));
    },

    /** Lets running turns finish for up to `graceMs`, then hands the rest back. */
    async drain(graceMs: number): Promise<void> {
      draining = true;
      const grace = new AbortController();
      await Promise.race([Promise.allSettled([...work]), wait(graceMs, grace.signal)]);
      grace.abort();
      for (const running of lanes.values()) running.stop.abort(new TurnStopped("shutdown"));
      await Promise.allSettled([...work]);
    },
  };
}

function laneOf(lane: Lane): { sessionId: string; leaseToken: number } {
  return { sessionId: lane.sessionId, leaseToken: lane.leaseToken };
}
