import type { AgentCatalog } from "../agents/agent-catalog.ts";
import type { AttachmentStage } from "../attachments/attachment-stage.ts";
import type { ChannelDirectory } from "../channels/channel-directory.ts";
import type { Settings } from "../config/settings.ts";
import { newId } from "../core/ids.ts";
import type { AdmissionLimit } from "../core/process/admission-limit.ts";
import type { Logger } from "../core/process/logger.ts";
import { startReconciler } from "../core/process/reconciler.ts";
import type { StopSteps } from "../core/process/stop-steps.ts";
import { WORK_TIMES, type WorkingProcess, type WorkTimes } from "../core/process/working-process.ts";
import type { Tracing } from "../core/trace/span.ts";
import { createDeliveryStage } from "../delivery/delivery-stage.ts";
import type { DeskPlace } from "../handoffs/handoff.ts";
import { createIntake } from "../ingest/intake.ts";
import { createTraceArrival } from "../ingest/trace-arrival.ts";
import type { Metrics } from "../observability/metrics.ts";
import { createEraseOld } from "../sessions/erase-old-sessions.ts";
import { keepFollowing } from "../sessions/follow-activity-repository.ts";
import { createTraceDeliveries } from "../trail/trace-deliveries.ts";
import { createTraceReceipts } from "../trail/trace-receipts.ts";
import { findTraces } from "../trail/trace-sources-repository.ts";
import { createTurnStage } from "../turns/turn-stage.ts";
import type { Engine } from "./engine.ts";

export interface PipelineDeps {
  base: {
    engine: Engine;
    channels: ChannelDirectory;
    agents: AgentCatalog;
    attachments: AttachmentStage;
    /** The place of a desk in the workspace of a channel; null if no channel of this process shows it. */
    desk(channelId: string, name: string): DeskPlace | null;
    log: Logger;
  };
  settings: Pick<Settings, "publicUrl" | "role" | "retentionDays">;
  /** `tracing` null: it is off. */
  observed: { metrics: Metrics; tracing: Tracing | null };
  /** The limit for messages on their way into the database. */
  capacity: AdmissionLimit;
  /** Aborts when a stop has no time left. Then all waiting ends. */
  giveUp: AbortSignal;
  times?: Partial<WorkTimes> | undefined;
}

export type Pipeline = ReturnType<typeof createPipeline>;

/** The flow ingest -> session -> turn -> delivery, wired around one database, one queue and one hub. */
export function createPipeline(deps: PipelineDeps) {
  const { engine, attachments, log } = deps.base;
  const { role, retentionDays } = deps.settings;
  const { giveUp } = deps;
  const { pool } = engine.database;
  const times = { ...WORK_TIMES, ...deps.times };
  const works = role !== "web";
  const process: WorkingProcess = { owner: newId(), works, alone: engine.alone, times, giveUp };
  const { delivery, turns, arrivals, traces } = createStages(deps, process);
  const stopSessions = (sessionIds: readonly string[]): void => {
    for (const id of sessionIds) turns.turnEngine.lost(id);
  };
  const old = createEraseOld({ pool, retentionDays, onErased: stopSessions, log });
  const stopping = new AbortController();
  let reconciler: { stop(): Promise<void> } | null = null;
  let sweeping: Promise<void> | null = null;
  let following: Promise<void> | null = null;

  return {
    ingest: arrivals.ingest,
    admissions: arrivals.admissions,
    messageOfEvent: arrivals.messageOfEvent,
    activity: delivery.activity,
    streams: turns.streams,
    contexts: turns.contexts,
    executions: turns.executions,
    cancelExecution: turns.cancelExecution,
    askAgain: turns.askAgain,
    handoffs: turns.handoffs,
    notifySession: turns.notifySession,
    wakeSession: turns.wakeSession,
    enqueueDeliveries: delivery.queues.enqueue,
    owner: process.owner,
    giveUp,
    /** Sessions were erased, so their work in this process may stop. */
    stopSessions,
    /** Erases sessions that were kept long enough. It also happens once an hour. */
    eraseOld: old.sweep,

    /** Starts the work: queues, leases, and the search for work that a crash left behind. */
    async start(): Promise<void> {
      following = keepFollowing(pool, { stop: stopping.signal, log });
      if (!works) return;
      // Before the first turn: its commit may claim deliveries, and a start gives back all that are claimed.
      await delivery.start();
      await turns.start();
      await attachments.start();
      const groups = [
        turns.steps,
        turns.previewSteps,
        turns.shadowSteps(stopping.signal),
        delivery.steps,
        arrivals.steps,
        attachments.steps,
      ];
      reconciler = startReconciler({ intervalMs: times.reconcileMs, groups, log });
      sweeping = old.keep(stopping.signal);
    },

    /** Finishes or hands back work in progress. By then no new work is accepted. */
    async stop({ step, leftUntil }: StopSteps): Promise<void> {
      stopping.abort();
      await step("steps of the reconciler", 0.4, async () => reconciler?.stop());
      await step("old sessions that are being erased", 0.45, async () => sweeping);
      await step("sessions that are brought up to date", 0.47, async () => following);
      await step("messages that are being stored", 0.5, arrivals.drain);
      await step("turns under way", 0.68, () => turns.stop(leftUntil(0.6)));
      await step("files that are being loaded", 0.7, attachments.stop);
      await step("replies on their way to the queue", 0.75, delivery.queues.flush);
      turns.close();
    },

    /** Resolves when the replies are sent that the commits of their turns have claimed. */
    sent: delivery.sent,

    /** Runs after the queues are closed. Waits for the last records, and hands back the rest. */
    async flush({ step }: StopSteps): Promise<void> {
      await step("records of deliveries", 0.9, async () => {
        await delivery.flush();
        await Promise.all(traces.map((each) => each?.drain()));
      });
      if (!works) return;
      await step("leases and claims to hand back", 0.92, async () => {
        await Promise.all([turns.handBack(), delivery.handBack()]);
      });
    },
  };
}

/** The stages from the last to the first, because each one hands its work to the next. */
function createStages(deps: PipelineDeps, process: WorkingProcess) {
  const { engine, channels, agents, attachments, desk, log } = deps.base;
  const { metrics, tracing } = deps.observed;
  const { pool } = engine.database;
  const { owner, works, times } = process;
  const base = { ...engine, process, metrics, tracing, log };
  const channelName = (channelId: string) => channels.byId(channelId)?.ref.name ?? null;
  const find = (messageIds: readonly string[]) => findTraces(pool, messageIds);
  const sent = tracing && createTraceDeliveries({ tracing, find, channel: channelName, log });
  const receipts = tracing && createTraceReceipts({ tracing, find, channel: channelName, log });
  const { url } = deps.settings.publicUrl;
  const delivery = createDeliveryStage({
    base,
    channels,
    files: { linkTo: attachments.links.linkTo, read: attachments.read },
    linkToConversation: (sessionId) => `${url}/console/conversations/${sessionId}`,
    trace: sent && receipts && { sent: sent.sent, received: receipts.applied },
  });
  const files = { ...attachments, keep: attachments.uploads.keep };
  const turns = createTurnStage({ base, channels, agents, files, delivery, desk });
  const trace = tracing && createTraceArrival(tracing, (id) => channels.byId(id)?.ref ?? null);
  const arrivals = createIntake({
    database: engine.database,
    lease: { owner, claim: works, leaseMs: times.leaseMs },
    delivery,
    turns,
    capacity: deps.capacity,
    observed: { metrics, trace, log },
  });
  return { delivery, turns, arrivals, traces: [sent, receipts] };
}
