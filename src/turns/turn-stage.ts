import type { AgentCatalog } from "../agents/agent-catalog.ts";
import type { KeptUpload, NewUpload } from "../attachments/uploads.ts";
import type { TurnAttachment } from "../bots/bot.ts";
import type { ChannelDirectory } from "../channels/channel-directory.ts";
import type { AttachmentView } from "../core/message/attachment.ts";
import type { Logger } from "../core/process/logger.ts";
import type { ReconcilerStep } from "../core/process/reconciler.ts";
import type { WorkingProcess } from "../core/process/working-process.ts";
import { systemClock } from "../core/time/clock.ts";
import type { Tracing } from "../core/trace/span.ts";
import type { DeliveryStage } from "../delivery/delivery-stage.ts";
import type { DeskPlace } from "../handoffs/handoff.ts";
import { handoffSteps } from "../handoffs/handoff-steps.ts";
import type { Metrics } from "../observability/metrics.ts";
import type { Hub } from "../queue/hub.ts";
import type { QueueBackend } from "../queue/queue-backend.ts";
import { createTurnQueue } from "../queue/turn-queue.ts";
import { comingMessages } from "../schedules/coming-repository.ts";
import { createSessionNotices } from "../sessions/session-notices.ts";
import type { Database } from "../storage/database.ts";
import { type AskedAgain, type Asking, askAgain } from "./answering/ask-again-repository.ts";
import { createExecutionRepository } from "./answering/execution-repository.ts";
import type { TurnFiles } from "./answering/turn-deps.ts";
import { createBudgetRepository } from "./budgets/budget-repository.ts";
import { startLeaseHeartbeat } from "./lanes/lease-heartbeat.ts";
import { createTurnControl } from "./lanes/turn-control.ts";
import { createTurnRepository } from "./lanes/turn-repository.ts";
import { createWakeSession } from "./lanes/wake-session.ts";
import { createContextRepository } from "./prompt/context-repository.ts";
import { expectPrompts } from "./prompt/expected-prompts.ts";
import { HISTORY_PAGE } from "./prompt/recent-history.ts";
import { createTurnContexts } from "./prompt/turn-context.ts";
import { recordedTurnsOf } from "./replay/recorded-turns-repository.ts";
import { createShadows } from "./shadow/run-shadows.ts";
import { createShadowRepository } from "./shadow/shadow-repository.ts";
import { createPreviews } from "./streams/previews.ts";
import { createTurnStreams } from "./streams/turn-streams.ts";
import { createTurnHandoffs } from "./turn-handoffs.ts";
import { turnSteps } from "./turn-steps.ts";
import { wireTurnEngine } from "./wire-turn-engine.ts";

export interface TurnStageDeps {
  base: {
    database: Database;
    queues: QueueBackend;
    hub: Hub;
    process: WorkingProcess;
    metrics: Pick<Metrics, "turns" | "turnSeconds">;
    /** Null: tracing is off. */
    tracing: Tracing | null;
    log: Logger;
  };
  channels: ChannelDirectory;
  agents: AgentCatalog;
  files: {
    forBot(view: AttachmentView): TurnAttachment;
    ofMessages(messageIds: readonly string[], signal: AbortSignal): Promise<TurnFiles>;
    keep(upload: NewUpload): Promise<KeptUpload>;
  };
  delivery: Pick<DeliveryStage, "queues" | "tellDesk">;
  /** The place of a desk in the workspace of a channel; null if no channel of this process shows it. */
  desk(channelId: string, name: string): DeskPlace | null;
}

/** Turns: lanes, bots, their prompts, and how turns are followed, interrupted and cancelled. */
export function createTurnStage({ base, channels, agents, files, delivery, desk }: TurnStageDeps) {
  const { database, hub, process, log } = base;
  const { owner, works, alone, times } = process;
  const { pool } = database;
  const clock = systemClock;
  const turns = createTurnRepository(pool, { owner, leaseMs: times.leaseMs });
  const executions = createExecutionRepository(pool);
  const prompts = expectPrompts(createContextRepository(pool, { openAttachment: files.forBot }), clock);
  const coming = (of: Parameters<typeof comingMessages>[1]) => comingMessages(pool, of);
  const contexts = createTurnContexts({ coming, repository: prompts, clock, log });
  const budgets = createBudgetRepository(pool);
  const streams = createTurnStreams({ notices: hub, stored: executions.storedStream });
  const turnQueue = createTurnQueue(base.queues);
  const notifySession = createSessionNotices({ hub, channels });
  const control = createTurnControl({ hub, alone, executions, streams });
  const previews = createPreviews({ database, channels, owner, log });
  const handoffs = createTurnHandoffs({
    stores: { pool, agents, channels },
    delivery,
    notifySession,
    stop: control.stopTurns,
    wake: (sessionId) => wakeSoon(sessionId),
    desk,
  });
  const { turnEngine, finish } = wireTurnEngine({
    base,
    places: { channels, agents, files },
    stores: { turns, executions, budgets },
    shown: { streams, previews, notifySession, deliver: delivery.queues.enqueue },
    bots: { contexts, clock },
    handoffs: { handoffs, wakeSoon: (sessionId) => wakeSoon(sessionId) },
  });
  const { wake, wakeSoon } = createWakeSession({ turns: works ? turnEngine : null, queue: turnQueue, log });
  const leaveControl = control.obey(turnEngine);
  let heartbeat: { stop(): void } | null = null;

  return {
    turnEngine,
    streams,
    contexts,
    executions,
    handoffs,
    notifySession,
    cancelExecution: control.cancelExecution,
    /** Lets the bot answer the messages of a failed turn once more. */
    async askAgain(asking: Asking): Promise<AskedAgain> {
      const outcome = await askAgain(pool, asking);
      if (outcome.kind !== "asked") return outcome;
      notifySession(outcome.channelId, outcome.sessionId, { type: "messages" });
      wakeSoon(outcome.sessionId);
      return outcome;
    },
    interruptElsewhere: control.interruptElsewhere,
    wakeSession: wake,
    wakeSoon,
    steps: [
      ...turnSteps({ engine: turnEngine, turns, budgets }),
      ...handoffSteps({ pool, handoffs, tellDesk: delivery.tellDesk }),
    ],
    previewSteps: [previews.step],
    /** A separate group, because it waits for models, and nothing else may wait for it. */
    shadowSteps: (stopping: AbortSignal): ReconcilerStep[] => [
      createShadows({
        repository: createShadowRepository(pool),
        recorded: async (id) => (await recordedTurnsOf(pool, [id])).get(id),
        load: agents.loadExactly,
        contexts,
        stopping,
        log,
      }),
    ],
    /** A message is being stored in a session. If its turn can begin at once, the turn will read the prompt. */
    async expectTurn(sessionId: string, agentId: string, version: number): Promise<void> {
      if (!works || turnEngine.holds(sessionId)) return;
      const { bot } = await agents.load(agentId, version);
      if (bot.readsPrompt) prompts.expect(sessionId, agentId, HISTORY_PAGE);
    },
    async start(): Promise<void> {
      // No other process holds the leased lanes.
      if (alone) await turns.freeAllLanes();
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
