import { inWords } from "../core/button.ts";
import { systemClock } from "../core/clock.ts";
import { isJsonObject } from "../core/json.ts";
import { createTurnQueue } from "../queue/turn-queue.ts";
import { comingSayings } from "../schedules/coming-repository.ts";
import { createGroupCommit } from "../storage/group-commit.ts";
import { createBudgets, hourly } from "../turns/budget.ts";
import { createBudgetRepository } from "../turns/budget-repository.ts";
import { createContextRepository } from "../turns/context-repository.ts";
import { createExecutionRepository } from "../turns/execution-repository.ts";
import { expectPrompts } from "../turns/expected-prompts.ts";
import { createFinishRepository, type TurnCommit } from "../turns/finish-repository.ts";
import { startLeaseHeartbeat } from "../turns/lease-heartbeat.ts";
import { HISTORY_PAGE } from "../turns/recent-history.ts";
import { createTurnContexts, type TurnContexts } from "../turns/turn-context.ts";
import { createTurnEngine, type TurnEngine } from "../turns/turn-engine.ts";
import { createTurnRepository, type Lane } from "../turns/turn-repository.ts";
import { createTurnStreams } from "../turns/turn-streams.ts";
import { keepTyping } from "../turns/typing.ts";
import type { DeliveryParts } from "./delivery-parts.ts";
import type { PartDeps } from "./pipeline-deps.ts";
import { createPreviewParts } from "./preview-parts.ts";
import type { ReconcilerStep } from "./reconciler.ts";
import { createTurnEffects } from "./turn-effects.ts";

/** What control notices ask of whichever process runs a turn. */
const CONTROL_TOPIC = "control";

/** Turns, wired: lanes, bots, what they are shown, and how they are watched, interrupted and cancelled. */
export function createTurnParts(deps: PartDeps, delivery: DeliveryParts) {
  const { engine, channels, agents, metrics, log, owner, times, works } = deps;
  const { pool } = engine.database;
  const clock = systemClock;
  const turns = createTurnRepository(pool, { owner, leaseMs: times.leaseMs });
  const finished = createFinishRepository(pool, { owner, leaseMs: times.leaseMs });
  const executions = createExecutionRepository(pool);
  const prompts = expectPrompts(
    createContextRepository(pool, { openAttachment: deps.attachments.forBot }),
    clock,
  );
  const contexts: TurnContexts = createTurnContexts({
    coming: (of) => comingSayings(pool, of),
    repository: prompts,
    clock,
    log,
  });
  const budgetRepository = createBudgetRepository(pool);
  const streams = createTurnStreams({ notices: engine.hub, stored: executions.storedStream });
  const turnQueue = createTurnQueue(engine.queues);

  const finish = createGroupCommit({
    run: (commits: TurnCommit[]) => finished.finish(commits),
    maxBatch: 200,
    lanes: 1,
    laneOf: (commit) => commit.sessionId,
  });
  const running = (channelId: string) => {
    const channel = channels.byId(channelId);
    if (!channel) throw new Error(`channel ${channelId} does not run here`);
    return channel;
  };
  const previews = createPreviewParts(deps);
  const effects = createTurnEffects({
    engine,
    finished,
    limits: (channelId) => running(channelId).ref,
    deliver: delivery.queues.enqueue,
    notifySession,
    wakeSoon,
    owner,
    leaseMs: times.leaseMs,
    log,
  });
  const turnEngine: TurnEngine = createTurnEngine({
    repository: turns,
    streams,
    loadAgent: (agentId, version) => agents.load(agentId, version),
    channel: (channelId) => running(channelId).ref,
    attachments: deps.attachments.ofMessages,
    context: (lane, agent, messages, input) =>
      contexts.forTurn({
        sessionId: lane.sessionId,
        agent: { id: agent.id, definition: agent.definition },
        input: input.map((each) => ({
          ...each,
          text: inWords({ content: each.text, payload: each.payload }),
        })),
        beforeSeq: Math.min(...messages.map((message) => message.seq)),
        userId: lane.user?.id ?? null,
        bot: agent.bot,
      }),
    budgets: createBudgets({ repository: budgetRepository, clock, log }),
    finish,
    finishWithEffects: effects.finish,
    reset: (lane, command, agent) => effects.reset(lane, command, agent.definition.reset.reply),
    deliver: (lane, ids) => delivery.queues.enqueue(lane.channelId, ids),
    notify: (lane, notice) => notifySession(lane.channelId, lane.sessionId, notice),
    showTyping,
    previews,
    noteIncident: executions.noteIncident,
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
    const { channel, ref } = channels.byId(lane.channelId) ?? {};
    const refreshMs = ref?.typingRefreshMs ?? null;
    const typing = channel?.typing;
    const { address } = lane;
    if (!typing || refreshMs === null || address === null) return;
    keepTyping((signal) => typing.call(channel, address, signal), refreshMs, over).catch((error: unknown) =>
      log.debug({ err: error }, "could not show that an answer is being written"),
    );
  }

  const leaveControl = engine.hub.subscribe(CONTROL_TOPIC, (data) => {
    if (!isJsonObject(data)) return;
    if (typeof data.interrupt === "string") turnEngine.interrupt(data.interrupt);
    if (typeof data.cancel === "string") turnEngine.cancel(data.cancel);
  });

  /** Stops an execution: at once where it only waits, else wherever it runs. False if it had ended already. */
  async function cancelExecution(executionId: string): Promise<boolean> {
    const found = await executions.requestCancel(executionId);
    if (found === "running") {
      engine.hub.publish(CONTROL_TOPIC, { cancel: executionId }, { remote: !engine.alone });
    }
    return found !== "ended";
  }

  let heartbeat: { stop(): void } | null = null;
  const steps: ReconcilerStep[] = [
    {
      name: "stranded turns",
      run: async () => {
        for (const id of await turns.strandedSessions(200)) await turnEngine.wake(id);
      },
    },
    { name: "budgets of the past", run: hourly(() => budgetRepository.prune()) },
  ];

  return {
    turnEngine,
    streams,
    contexts,
    executions,
    steps,
    previewSteps: [previews.step],
    notifySession,
    cancelExecution,
    wakeSession: (sessionId: string) => (works ? turnEngine.wake(sessionId) : turnQueue.enqueue(sessionId)),
    /** A message is being stored in a session: its turn, if it can begin at once, will ask for the prompt. */
    async expectTurn(sessionId: string, agentId: string, version: number): Promise<void> {
      if (!works || turnEngine.holds(sessionId)) return;
      const { bot } = await agents.load(agentId, version);
      if (bot.readsPrompt) prompts.expect(sessionId, agentId, HISTORY_PAGE);
    },
    /** Leaves a turn to a worker. */
    enqueueTurn(sessionId: string): void {
      turnQueue.enqueue(sessionId).catch((error: unknown) => {
        log.warn({ err: error, session_id: sessionId }, "could not enqueue a turn; the reconciler will");
      });
    },
    /** A message came for a lane that another process may hold. */
    interruptElsewhere(sessionId: string): void {
      if (!engine.alone) engine.hub.publish(CONTROL_TOPIC, { interrupt: sessionId }, { remote: true });
    },
    async start(): Promise<void> {
      // No other process can be alive: whatever lane is held lost its holder.
      if (engine.alone) await turns.freeAllLanes();
      heartbeat = startLeaseHeartbeat({
        repository: turns,
        engine: turnEngine,
        intervalMs: times.heartbeatMs,
        log,
      });
      turnQueue.work((sessionId) => turnEngine.wake(sessionId));
    },
    /** Finishes or hands back the turns under way. */
    async stop(): Promise<void> {
      await turnEngine.drain(times.stopGraceMs);
      await finish.drain();
    },
    close(): void {
      heartbeat?.stop();
      leaveControl();
      streams.stop();
    },
  };
}

export type TurnParts = ReturnType<typeof createTurnParts>;
