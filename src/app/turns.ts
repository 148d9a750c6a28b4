import type { ReplyLimits } from "../core/message/reply-parts.ts";
import type { ReconcilerStep } from "../core/process/reconciler.ts";
import { ASKED_BY_USER } from "../core/session/handoff-settings.ts";
import { systemClock } from "../core/time/clock.ts";
import { createHandoffQueries } from "../handoffs/handoff-queries-repository.ts";
import { createHandoffs } from "../handoffs/handoffs-repository.ts";
import { warnIdleDesks } from "../handoffs/idle-warning-repository.ts";
import { createTurnQueue } from "../queue/turn-queue.ts";
import { comingMessages } from "../schedules/coming-repository.ts";
import { createSessionNotices } from "../sessions/session-notices.ts";
import { synthesize } from "../speech/synthesize.ts";
import { createTranscriber } from "../speech/transcribe.ts";
import { createGroupCommit } from "../storage/group-commit.ts";
import { writeOnce } from "../storage/write-once.ts";
import { createChannelSigns } from "../turns/answering/channel-signs.ts";
import { createExecutionRepository } from "../turns/answering/execution-repository.ts";
import { createFinishRepository, type TurnCommit } from "../turns/answering/finish-repository.ts";
import { createIncidentNotes } from "../turns/answering/note-incident.ts";
import { createTurnSpans } from "../turns/answering/trace-turn.ts";
import { createTurnEffects } from "../turns/answering/turn-effects.ts";
import { createBudgets, hourly } from "../turns/budgets/budget.ts";
import { createBudgetRepository } from "../turns/budgets/budget-repository.ts";
import { createHearingRepository } from "../turns/hearing/hearing-repository.ts";
import { startLeaseHeartbeat } from "../turns/lanes/lease-heartbeat.ts";
import { createTurnControl } from "../turns/lanes/turn-control.ts";
import { createTurnEngine, type TurnEngine } from "../turns/lanes/turn-engine.ts";
import { createTurnRepository } from "../turns/lanes/turn-repository.ts";
import { createWakeSession } from "../turns/lanes/wake-session.ts";
import { createBatchLookups } from "../turns/prompt/batch-lookups.ts";
import { createContextRepository } from "../turns/prompt/context-repository.ts";
import { expectPrompts } from "../turns/prompt/expected-prompts.ts";
import { HISTORY_PAGE } from "../turns/prompt/recent-history.ts";
import { createTurnContexts, type TurnContexts } from "../turns/prompt/turn-context.ts";
import { createPreviews } from "../turns/streams/previews.ts";
import { createTurnStreams } from "../turns/streams/turn-streams.ts";
import type { DeliveryParts } from "./delivery.ts";
import type { PartDeps } from "./pipeline.ts";

/** The limits of a channel that does not run are unknown, so its texts are not cut yet. */
const UNLIMITED: ReplyLimits = { split: (text) => [text], buttons: null };
/** No person wrote for a while, so the bot answers the next message. */
const IDLE = { by: null, resume: "next", prompt: null, text: null } as const;

/** The end of a turn waits this long for the database during an outage, milliseconds. */
const FINISH_PATIENCE_MS = 60_000;

/** Wires turns: lanes, bots, their prompts, and how turns are followed, interrupted and cancelled. */
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
    coming: (of) => comingMessages(pool, of),
    repository: prompts,
    clock,
    log,
  });
  const budgetRepository = createBudgetRepository(pool);
  const streams = createTurnStreams({ notices: engine.hub, stored: executions.storedStream });
  const turnQueue = createTurnQueue(engine.queues);

  // A bot's answer is worth the wait for the database, as long as this process may wait.
  const loss = { patienceMs: FINISH_PATIENCE_MS, signal: deps.giveUp };
  const finish = createGroupCommit({
    run: (commits: TurnCommit[]) =>
      writeOnce(commits, (open) => finished.finish(open), { findWritten: finished.findWritten, ...loss }),
    maxBatch: 200,
    partitions: 1,
    partitionOf: (commit) => commit.sessionId,
  });
  const running = (channelId: string) => {
    const channel = channels.byId(channelId);
    if (!channel) throw new Error(`channel ${channelId} does not run here`);
    return channel;
  };
  const notifySession = createSessionNotices({ hub: engine.hub, channels });
  const control = createTurnControl({ hub: engine.hub, alone: engine.alone, executions, streams });
  const signs = createChannelSigns({ channels, timeoutMs: times.sendTimeoutMs, giveUp: deps.giveUp, log });
  const previews = createPreviews({ ...deps, database: engine.database });
  const { idle: idleHandoffs } = createHandoffQueries(pool);
  const handoffs = createHandoffs({
    pool,
    settings: async (agentId, version) => (await agents.load(agentId, version)).definition.handoff,
    // If the channel is disabled, the messages wait for it.
    limits: (channelId) => channels.byId(channelId)?.ref ?? UNLIMITED,
    deliver: delivery.queues.enqueue,
    notify: (channelId, sessionId) => notifySession(channelId, sessionId, { type: "messages" }),
    stop: control.stopTurns,
    wake: (sessionId) => wakeSoon(sessionId),
    desk: deps.desk,
    tellDesk: delivery.tellDesk,
  });
  const effects = createTurnEffects({
    database: engine.database,
    finished,
    limits: (channelId) => running(channelId).ref,
    deliver: delivery.queues.enqueue,
    notifySession,
    wakeSoon: (sessionId) => wakeSoon(sessionId),
    handoffs,
    onSilence: signs.onSilence,
    owner,
    leaseMs: times.leaseMs,
    loss,
    log,
  });
  const turnEngine: TurnEngine = createTurnEngine({
    repository: turns,
    streams,
    loadAgent: (agentId, version) => agents.load(agentId, version),
    channel: (channelId) => running(channelId).ref,
    attachments: deps.attachments.ofMessages,
    context: createBatchLookups(contexts),
    speaking: { synthesize, keep: deps.attachments.uploads.keep },
    hearing: { repository: createHearingRepository(pool, { owner }), transcribe: createTranscriber() },
    budgets: createBudgets({ repository: budgetRepository, clock, log }),
    trace: createTurnSpans(deps.tracing, (channelId) => running(channelId).ref),
    finish,
    finishWithEffects: effects.finish,
    reset: (lane, command, agent) => effects.reset(lane, command, agent.definition.reset.reply),
    async handOff({ sessionId, channelId, agentId, agentVersion }, message) {
      const session = { id: sessionId, channelId, agentId, agentVersion };
      await handoffs.request(session, { source: "user", reason: ASKED_BY_USER, messageId: message.id });
    },
    deliver: (lane, ids) => delivery.queues.enqueue(lane.channelId, ids),
    notify: (lane, notice) => notifySession(lane.channelId, lane.sessionId, notice),
    showTyping: signs.showTyping,
    onSilence: signs.onSilence,
    previews,
    noteIncident: createIncidentNotes(executions.noteIncident, { clock, log }),
    onTurnEnded(lane, status, seconds) {
      metrics.turns.inc({ agent: lane.agentId, status });
      metrics.turnSeconds.observe({ agent: lane.agentId }, seconds);
    },
    clock,
    log,
  });

  const { wake, wakeSoon } = createWakeSession({ turns: works ? turnEngine : null, queue: turnQueue, log });
  const leaveControl = control.obey(turnEngine);

  let heartbeat: { stop(): void } | null = null;
  const steps: ReconcilerStep[] = [
    { name: "sessions given without an answer", run: turnEngine.recover },
    {
      name: "stranded turns",
      run: async () => {
        for (const id of await turns.strandedSessions(200)) await turnEngine.wake(id);
      },
    },
    {
      name: "people who were silent for too long",
      run: async () => {
        for (const session of await idleHandoffs(50)) await handoffs.release(session, IDLE);
      },
    },
    {
      name: "desks to warn of silence",
      run: async () => {
        for (const sessionId of await warnIdleDesks(pool, 50)) delivery.tellDesk(sessionId);
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
    cancelExecution: control.cancelExecution,
    interruptElsewhere: control.interruptElsewhere,
    wakeSession: wake,
    wakeSoon,
    /** A message is being stored in a session. If its turn can begin at once, the turn will read the prompt. */
    async expectTurn(sessionId: string, agentId: string, version: number): Promise<void> {
      if (!works || turnEngine.holds(sessionId)) return;
      const { bot } = await agents.load(agentId, version);
      if (bot.readsPrompt) prompts.expect(sessionId, agentId, HISTORY_PAGE);
    },
    handoffs,
    async start(): Promise<void> {
      // No other process can be alive, so no process holds the leased lanes.
      if (engine.alone) await turns.freeAllLanes();
      heartbeat = startLeaseHeartbeat({
        repository: turns,
        engine: turnEngine,
        intervalMs: times.heartbeatMs,
        log,
      });
      turnQueue.work((sessionId) => turnEngine.wake(sessionId));
    },
    /** Finishes or hands back the turns in progress. */
    async stop(graceMs: number): Promise<void> {
      await turnEngine.drain(Math.min(graceMs, times.stopGraceMs));
      await finish.drain();
    },
    /** Gives the lanes that are still ours to any other process. */
    handBack: turns.releaseAll,
    close(): void {
      heartbeat?.stop();
      leaveControl();
      streams.stop();
    },
  };
}
