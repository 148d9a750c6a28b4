import type { AgentCatalog } from "./agents/agent-catalog.ts";
import type { ChannelDirectory } from "./channels/channel-directory.ts";
import { type Clock, systemClock } from "./core/clock.ts";
import { newId } from "./core/ids.ts";
import { isJsonObject } from "./core/json.ts";
import type { Logger } from "./core/logger.ts";
import { createChannelActivityLog } from "./delivery/channel-activity.ts";
import { createChannelQueries } from "./delivery/channel-queries-repository.ts";
import { createDeliveryEngine } from "./delivery/delivery-engine.ts";
import { createDeliveryRepository } from "./delivery/delivery-repository.ts";
import type { Engine } from "./engine.ts";
import { createIngest, type Ingest } from "./ingest/accept-inbound.ts";
import {
  createInboundRepository,
  type InboundOutcome,
  type InboundRow,
} from "./ingest/inbound-repository.ts";
import type { Metrics } from "./observability/metrics.ts";
import { createDeliveryQueues } from "./queue/delivery-queue.ts";
import { createTurnQueue } from "./queue/turn-queue.ts";
import { startReconciler } from "./reconciler.ts";
import { completeInTransaction, resetSession } from "./sessions/session-repository.ts";
import { createGroupCommit } from "./storage/group-commit.ts";
import { createBudgets, hourly } from "./turns/budget.ts";
import { createBudgetRepository } from "./turns/budget-repository.ts";
import { createContextRepository } from "./turns/context-repository.ts";
import { type Arrival, dispatchArrivals } from "./turns/dispatch-lanes.ts";
import { createExecutionRepository } from "./turns/execution-repository.ts";
import { finishWithEffects } from "./turns/finish-effects-repository.ts";
import { startLeaseHeartbeat } from "./turns/lease-heartbeat.ts";
import { createTurnContexts, type TurnContexts } from "./turns/turn-context.ts";
import { createTurnEngine, type TurnEngine } from "./turns/turn-engine.ts";
import { createTurnRepository, type Lane, type PendingMessage } from "./turns/turn-repository.ts";
import { createTurnStreams, type TurnStreams } from "./turns/turn-streams.ts";
import { keepTyping } from "./turns/typing.ts";

/** Times the pipeline works with, milliseconds. Tests shorten them. */
export interface PipelineTimes {
  leaseMs: number;
  heartbeatMs: number;
  /** How long a send may be under way before its sender is presumed dead. */
  sendLeaseMs: number;
  sendTimeoutMs: number;
  reconcileMs: number;
  /** How long a due delivery may lie before the reconciler moves it. */
  strandedMs: number;
  /** How long a stop waits for turns under way before it hands them back. */
  stopGraceMs: number;
}

const PIPELINE_TIMES: PipelineTimes = {
  leaseMs: 10_000,
  heartbeatMs: 3_000,
  sendLeaseMs: 60_000,
  sendTimeoutMs: 30_000,
  reconcileMs: 2_000,
  strandedMs: 5_000,
  stopGraceMs: 15_000,
};

export interface PipelineDeps {
  engine: Engine;
  channels: ChannelDirectory;
  agents: AgentCatalog;
  role: "all" | "web" | "worker";
  metrics: Metrics;
  log: Logger;
  times?: Partial<PipelineTimes>;
}

/** What control notices ask of whichever process runs a turn. */
const CONTROL_TOPIC = "control";

export type Pipeline = ReturnType<typeof createPipeline>;

/** The flow: ingest -> session -> turn -> delivery, wired around one database, one queue and one hub. */
export function createPipeline(deps: PipelineDeps) {
  const { engine, channels, agents, role, metrics, log } = deps;
  const { pool } = engine.database;
  const times = { ...PIPELINE_TIMES, ...deps.times };
  const clock: Clock = systemClock;
  const owner = newId();
  const runsTurns = role !== "web";

  const inbound = createInboundRepository(pool);
  const turns = createTurnRepository(pool, { owner, leaseMs: times.leaseMs });
  const deliveries = createDeliveryRepository(pool, { owner, sendLeaseMs: times.sendLeaseMs });
  const executions = createExecutionRepository(pool);
  const contexts: TurnContexts = createTurnContexts({
    repository: createContextRepository(pool),
    clock,
    log,
  });
  const budgetRepository = createBudgetRepository(pool);
  const streams = createTurnStreams({ notices: engine.hub, stored: executions.storedStream });
  const turnQueue = createTurnQueue(engine.queues);
  const deliveryQueues = createDeliveryQueues(engine.queues, log);
  const activity = createChannelActivityLog({
    record: createChannelQueries(pool).record,
    now: () => clock.now(),
    log,
  });

  // --- turns
  const finish = createGroupCommit({
    run: (commits: Parameters<typeof turns.finish>[0]) => turns.finish(commits),
    maxBatch: 200,
    lanes: 1,
    laneOf: (commit) => commit.sessionId,
  });
  const running = (channelId: string) => {
    const channel = channels.byId(channelId);
    if (!channel) throw new Error(`channel ${channelId} does not run here`);
    return channel;
  };
  const turnEngine: TurnEngine = createTurnEngine({
    repository: turns,
    streams,
    loadAgent: (agentId, version) => agents.load(agentId, version),
    channel: (channelId) => running(channelId).ref,
    context: (lane, agent, messages) =>
      contexts.forTurn({
        sessionId: lane.sessionId,
        agent: { id: agent.id, definition: agent.definition },
        input: messages.map((message) => ({
          text: message.content,
          instruction: message.origin === "instruction",
        })),
        beforeSeq: Math.min(...messages.map((message) => message.seq)),
        userId: lane.user?.id ?? null,
        bot: agent.bot,
      }),
    budgets: createBudgets({ repository: budgetRepository, log }),
    finish,
    async finishWithEffects(commit, lane, effects) {
      const newSessionId = newId();
      const result = await finishWithEffects(
        {
          pool,
          repository: turns,
          endSession: (client, end) => completeInTransaction(client, { ...end, reason: "bot", newSessionId }),
        },
        commit,
        lane,
        effects,
      );
      // What waited behind the end waits in the next session now, in a lane that nobody holds.
      if (effects.endSession && result.kind === "committed") wakeSoon(newSessionId);
      return result;
    },
    reset: (lane, command, agent) => carryOutReset(lane, command, agent.definition.reset.reply),
    deliver: (lane, ids) => deliveryQueues.enqueue(lane.channelId, ids),
    notify: (lane, notice) => notifySession(lane.channelId, lane.sessionId, notice),
    showTyping,
    onTurnEnded(lane, status, seconds) {
      metrics.turns.inc({ agent: lane.agentId, status });
      metrics.turnSeconds.observe({ agent: lane.agentId }, seconds);
    },
    clock,
    log,
  });

  function wakeSoon(sessionId: string): void {
    turnEngine.wake(sessionId).catch((error: unknown) => {
      log.warn({ err: error, session_id: sessionId }, "could not wake a session; the reconciler will");
    });
  }

  function notifySession(
    channelId: string,
    sessionId: string,
    notice: { type: string; executionId?: string },
  ) {
    // Only channels whose users hold a stream open have somebody elsewhere to tell.
    const live = channels.byId(channelId)?.definition.capabilities.live ?? false;
    const data = { type: notice.type, ...(notice.executionId ? { execution_id: notice.executionId } : {}) };
    engine.hub.publish(`session.${sessionId}`, data, { remote: live });
  }

  function showTyping(lane: Lane, over: AbortSignal): void {
    const { channel, ref } = running(lane.channelId);
    const { typing } = channel;
    if (!typing || ref.typingRefreshMs === null || lane.address === null) return;
    const address = lane.address;
    keepTyping((signal) => typing.call(channel, address, signal), ref.typingRefreshMs, over).catch(
      (error: unknown) => log.debug({ err: error }, "could not show that an answer is being written"),
    );
  }

  async function carryOutReset(lane: Lane, command: PendingMessage, reply: string): Promise<Lane | null> {
    const { ref } = running(lane.channelId);
    const opened = await resetSession(pool, {
      sessionId: lane.sessionId,
      reason: "user_reset",
      authority: { leaseToken: lane.leaseToken },
      // Of the session's own agent: an API session's need not be the channel's.
      agentVersion: null,
      newSessionId: newId(),
      commandSeq: command.seq,
      notice: {
        messageId: newId(),
        content: reply,
        deliveries: ref.split(reply).map((content) => ({ id: newId(), content })),
      },
      lease: { owner, leaseMs: times.leaseMs },
    });
    if (!opened) return null;
    log.info({ session_id: lane.sessionId, new_session_id: opened.id }, "session reset");
    deliveryQueues.enqueue(lane.channelId, opened.noticeDeliveryIds);
    notifySession(lane.channelId, lane.sessionId, { type: "messages" });
    if (opened.leaseToken === null) return null;
    return {
      ...lane,
      sessionId: opened.id,
      leaseToken: opened.leaseToken,
      agentVersion: opened.agentVersion,
      metadata: opened.metadata,
    };
  }

  // --- ingest
  const store = createGroupCommit({
    run: async (rows: InboundRow[]) => {
      const outcomes = await inbound.storeInbound(rows, { owner, claim: runsTurns, leaseMs: times.leaseMs });
      startTurns(rows, outcomes);
      return outcomes;
    },
    maxBatch: 200,
    lanes: 1,
    laneOf: (row) => row.sessionId ?? `${row.channelId}/${row.address}`,
  });

  function startTurns(rows: InboundRow[], outcomes: InboundOutcome[]): void {
    const arrivals = rows.flatMap((row, index): Arrival[] => {
      const outcome = outcomes[index];
      return outcome?.kind === "accepted" ? [toArrival(row, outcome)] : [];
    });
    dispatchArrivals(arrivals, {
      engine: turnEngine,
      runsTurns,
      interruptElsewhere: (sessionId) => {
        if (!engine.alone) engine.hub.publish(CONTROL_TOPIC, { interrupt: sessionId }, { remote: true });
      },
      enqueue: (sessionId) => {
        turnQueue.enqueue(sessionId).catch((error: unknown) => {
          log.warn({ err: error, session_id: sessionId }, "could not enqueue a turn; the reconciler will");
        });
      },
    });
  }

  const ingest: Ingest = createIngest({
    store,
    onReceipt: (channel, receipt) => deliveries.applyReceipt(channel.id, receipt),
    onAddressChange: (channel, change) => deliveries.moveAddress(channel.id, change.from, change.to),
    onStop: async (channel, stop) => {
      for (const id of await executions.runningAt(channel.id, stop.address)) await cancelExecution(id);
    },
    onOutcome(channel, row, outcome) {
      metrics.inbound.inc({ channel: channel.name, outcome: outcome.kind });
      if (outcome.kind === "accepted") activity.inbound(channel.id);
      const ids = { channel: channel.name, message_id: row.messageId, event_keys: row.eventKeys };
      log.debug(
        { ...ids, ...(outcome.kind === "accepted" ? { session_id: outcome.sessionId } : {}) },
        outcome.kind,
      );
    },
  });

  // --- delivery
  const record = createGroupCommit({
    run: (records: Parameters<typeof deliveries.record>[0]) => deliveries.record(records),
    maxBatch: 200,
    lanes: 1,
    laneOf: (attempt) => attempt.id,
  });
  const deliveryEngine = createDeliveryEngine({
    repository: deliveries,
    record,
    channel: (channelId) => channels.byId(channelId)?.channel ?? null,
    requeue: (channelId, ids, delayMs) => deliveryQueues.enqueueLater(channelId, ids, delayMs),
    pauseQueue: (channelId, ms) => deliveryQueues.pause(channelId, ms),
    onRecorded(delivery, attempt) {
      const channel = channels.byId(delivery.channelId)?.ref.name ?? delivery.channelId;
      metrics.deliveries.inc({ channel, status: attempt.status === "queued" ? "retry" : attempt.status });
      if (attempt.status === "sent" || attempt.status === "delivered") {
        metrics.deliverySeconds.observe({ channel }, (Date.now() - delivery.createdAt.getTime()) / 1000);
        activity.outbound(delivery.channelId);
      }
    },
    onChannelError(channelId, error) {
      const channel = channels.byId(channelId);
      if (channel) channel.error = error;
      if (error !== null) activity.error(channelId, error);
    },
    sendTimeoutMs: times.sendTimeoutMs,
    sendLeaseMs: times.sendLeaseMs,
    log,
  });

  // --- control
  const leaveControl = engine.hub.subscribe(CONTROL_TOPIC, (data) => {
    if (!isJsonObject(data)) return;
    if (typeof data.interrupt === "string") turnEngine.interrupt(data.interrupt);
    if (typeof data.cancel === "string") turnEngine.cancel(data.cancel);
  });

  /** Stops an execution: at once where it only waits, else wherever it runs. False if it had ended already. */
  async function cancelExecution(executionId: string): Promise<boolean> {
    const found = await executions.requestCancel(executionId);
    if (found === "running")
      engine.hub.publish(CONTROL_TOPIC, { cancel: executionId }, { remote: !engine.alone });
    return found !== "ended";
  }

  let heartbeat: { stop(): void } | null = null;
  let reconciler: { stop(): Promise<void> } | null = null;

  return {
    ingest,
    streams: streams as TurnStreams,
    contexts,
    executions,
    cancelExecution,
    messageOfEvent: inbound.messageOfEvent,
    notifySession,
    enqueueDeliveries: (channelId: string, ids: readonly string[]) => deliveryQueues.enqueue(channelId, ids),
    wakeSession: (sessionId: string) =>
      runsTurns ? turnEngine.wake(sessionId) : turnQueue.enqueue(sessionId),
    owner,
    /** Sessions were erased: what runs in them here may stop; elsewhere their leases are found gone. */
    stopSessions(sessionIds: readonly string[]): void {
      for (const id of sessionIds) turnEngine.lost(id);
    },

    /** Starts working: queues, leases, and looking for what a crash left behind. */
    async start(): Promise<void> {
      if (!runsTurns) return;
      if (engine.alone) {
        await turns.freeAllLanes();
        await deliveries.expireClaims({ all: true });
      }
      heartbeat = startLeaseHeartbeat({
        repository: turns,
        engine: turnEngine,
        intervalMs: times.heartbeatMs,
        log,
      });
      turnQueue.work((sessionId) => turnEngine.wake(sessionId));
      for (const { ref } of channels.all()) deliveryQueues.work(ref.id, deliveryEngine.deliver);
      let graceMs = engine.alone ? 0 : times.strandedMs;
      reconciler = startReconciler({
        intervalMs: times.reconcileMs,
        log,
        steps: [
          {
            name: "stranded turns",
            run: async () => {
              for (const id of await turns.strandedSessions(200)) await turnEngine.wake(id);
            },
          },
          { name: "budgets of the past", run: hourly(() => budgetRepository.prune()) },
          { name: "dead senders", run: () => deliveries.expireClaims({ all: false }) },
          {
            name: "stranded deliveries",
            run: async () => {
              for (const { id, channelId } of await deliveries.stranded({ graceMs, limit: 1000 })) {
                deliveryQueues.enqueue(channelId, [id]);
              }
              graceMs = times.strandedMs;
            },
          },
        ],
      });
    },

    /** Finishes or hands back what is under way. New work is not accepted any more by then. */
    async stop(): Promise<void> {
      await reconciler?.stop();
      await store.drain();
      await turnEngine.drain(times.stopGraceMs);
      await finish.drain();
      await deliveryQueues.flush();
      heartbeat?.stop();
      leaveControl();
      streams.stop();
    },

    /** After the queues are closed: waits for the last records. */
    async flush(): Promise<void> {
      await record.drain();
      await activity.stop();
      deliveryEngine.stop();
    },
  };
}

function toArrival(row: InboundRow, outcome: Extract<InboundOutcome, { kind: "accepted" }>): Arrival {
  return {
    owned: outcome.owned,
    answeredSeq: outcome.answeredSeq,
    lane: {
      sessionId: outcome.sessionId,
      leaseToken: outcome.leaseToken,
      workspaceId: row.workspaceId,
      channelId: row.channelId,
      agentId: outcome.agentId,
      agentVersion: outcome.agentVersion,
      user: outcome.user,
      address: row.sessionId === null ? row.address : null,
      metadata: outcome.sessionMetadata,
    },
    message: {
      id: row.messageId,
      seq: outcome.seq,
      origin: row.origin,
      content: row.content,
      executionId: row.executionId,
      attempts: 0,
      cancelled: false,
      createdAt: outcome.createdAt,
    },
  };
}
