import type { AgentCatalog } from "../agents/agent-catalog.ts";
import type { ChannelDirectory } from "../channels/channel-directory.ts";
import { newId } from "../core/ids.ts";
import type { AdmissionLimit } from "../core/process/admission-limit.ts";
import { keepSweeping } from "../core/process/keep-sweeping.ts";
import type { Logger } from "../core/process/logger.ts";
import { startReconciler } from "../core/process/reconciler.ts";
import type { StopSteps } from "../core/process/stop-steps.ts";
import type { Tracing } from "../core/trace/span.ts";
import type { DeskPlace } from "../handoffs/handoff.ts";
import { createIntake } from "../ingest/intake.ts";
import { createTraceArrival } from "../ingest/trace-arrival.ts";
import type { Metrics } from "../observability/metrics.ts";
import { keepFollowing } from "../sessions/follow-activity-repository.ts";
import { createSessionRetention } from "../sessions/retention-repository.ts";
import { recordedTurnsOf } from "../turns/replay/recorded-turns-repository.ts";
import { createShadows } from "../turns/shadow/run-shadows.ts";
import { createShadowRepository } from "../turns/shadow/shadow-repository.ts";
import type { AttachmentParts } from "./attachments.ts";
import { createDeliveryParts } from "./delivery.ts";
import type { Engine } from "./engine.ts";
import { createTurnParts } from "./turns.ts";

/** Times of the pipeline, milliseconds. Tests use shorter ones. */
export interface PipelineTimes {
  leaseMs: number;
  heartbeatMs: number;
  /** After this time of a send, its sender is presumed dead. */
  sendLeaseMs: number;
  sendTimeoutMs: number;
  reconcileMs: number;
  /** A due delivery may wait this long before the reconciler sends it. */
  strandedMs: number;
  /** A stop waits at most this long for turns in progress before it hands them back. */
  stopGraceMs: number;
}

const PIPELINE_TIMES: PipelineTimes = {
  leaseMs: 10_000,
  heartbeatMs: 3_000,
  sendLeaseMs: 60_000,
  sendTimeoutMs: 30_000,
  reconcileMs: 2_000,
  strandedMs: 5_000,
  stopGraceMs: Number.POSITIVE_INFINITY,
};

export interface PipelineDeps {
  engine: Engine;
  channels: ChannelDirectory;
  agents: AgentCatalog;
  attachments: AttachmentParts;
  /** The place of a desk in the workspace of a channel; null if no channel of this process shows it. */
  desk(channelId: string, name: string): DeskPlace | null;
  /** The service's address for people, without a slash at its end. */
  publicUrl: string;
  role: "all" | "web" | "worker";
  /** Days after its last change until a session is erased; null: never, unless its agent says so. */
  retentionDays: number | null;
  metrics: Metrics;
  /** Null: tracing is off. */
  tracing: Tracing | null;
  /** The limit for messages on their way into the database. */
  capacity: AdmissionLimit;
  /** Aborts when a stop has no time left. Then all waiting ends. */
  giveUp: AbortSignal;
  log: Logger;
  times?: Partial<PipelineTimes>;
}

/** Shared dependencies of the pipeline's parts. */
export interface PartDeps extends Omit<PipelineDeps, "times" | "capacity"> {
  times: PipelineTimes;
  /** The id of this process in leases and claims. */
  owner: string;
  /** True if this process runs turns and sends. */
  works: boolean;
}

export type Pipeline = ReturnType<typeof createPipeline>;

/** The flow ingest -> session -> turn -> delivery, wired around one database, one queue and one hub. */
export function createPipeline(deps: PipelineDeps) {
  const times = { ...PIPELINE_TIMES, ...deps.times };
  const parts: PartDeps = { ...deps, times, owner: newId(), works: deps.role !== "web" };
  const delivery = createDeliveryParts(parts);
  const turns = createTurnParts(parts, delivery);
  const arrivals = createIntake({
    database: deps.engine.database,
    lease: { owner: parts.owner, claim: parts.works, leaseMs: times.leaseMs },
    delivery,
    turns,
    capacity: deps.capacity,
    metrics: deps.metrics,
    trace: deps.tracing && createTraceArrival(deps.tracing, (id) => deps.channels.byId(id)?.ref ?? null),
    log: deps.log,
  });

  async function handBack(): Promise<void> {
    await Promise.all([turns.handBack(), delivery.handBack()]);
  }

  let reconciler: { stop(): Promise<void> } | null = null;
  const { pool } = deps.engine.database;
  const retention = createSessionRetention(pool);
  const stopping = new AbortController();
  const shadows = createShadows({
    repository: createShadowRepository(pool),
    recorded: async (id) => (await recordedTurnsOf(pool, [id])).get(id),
    load: deps.agents.loadExactly,
    contexts: turns.contexts,
    stopping: stopping.signal,
    log: deps.log,
  });
  let sweeping: Promise<void> | null = null;
  let following: Promise<void> | null = null;

  function stopSessions(sessionIds: readonly string[]): void {
    for (const id of sessionIds) turns.turnEngine.lost(id);
  }

  const eraseOld = (stop: AbortSignal): Promise<number> =>
    retention.sweep(deps.retentionDays, stopSessions, stop);

  return {
    ingest: arrivals.ingest,
    admissions: arrivals.admissions,
    messageOfEvent: arrivals.messageOfEvent,
    activity: delivery.activity,
    streams: turns.streams,
    contexts: turns.contexts,
    executions: turns.executions,
    cancelExecution: turns.cancelExecution,
    handoffs: turns.handoffs,
    notifySession: turns.notifySession,
    wakeSession: turns.wakeSession,
    enqueueDeliveries: delivery.queues.enqueue,
    owner: parts.owner,
    giveUp: deps.giveUp,
    /**
     * Sessions were erased, so their work in this process may stop. Other processes notice that their leases are gone.
     */
    stopSessions,
    /** Erases sessions that were kept long enough. It also happens once an hour. */
    eraseOld,

    /** Starts the work: queues, leases, and the search for work that a crash left behind. */
    async start(): Promise<void> {
      following = keepFollowing(pool, { stop: stopping.signal, log: deps.log });
      if (!parts.works) return;
      await turns.start();
      await delivery.start();
      await deps.attachments.start();
      const groups = [
        turns.steps,
        turns.previewSteps,
        delivery.steps,
        arrivals.steps,
        deps.attachments.steps,
        // A group of its own: it waits for models, and nothing else may wait for it.
        [shadows],
      ];
      reconciler = startReconciler({ intervalMs: times.reconcileMs, groups, log: deps.log });
      sweeping = keepSweeping({
        sweep: eraseOld,
        said: { swept: "erased sessions that were kept long enough", failed: "could not erase old sessions" },
        stopping: stopping.signal,
        log: deps.log,
      });
    },

    /** Finishes or hands back work in progress. By then no new work is accepted. */
    async stop({ step, leftUntil }: StopSteps): Promise<void> {
      stopping.abort();
      await step("steps of the reconciler", 0.4, async () => reconciler?.stop());
      await step("old sessions that are being erased", 0.45, async () => sweeping);
      await step("sessions that are brought up to date", 0.47, async () => following);
      await step("messages that are being stored", 0.5, arrivals.drain);
      await step("turns under way", 0.68, () => turns.stop(leftUntil(0.6)));
      await step("files that are being loaded", 0.7, deps.attachments.stop);
      await step("replies on their way to the queue", 0.75, delivery.queues.flush);
      turns.close();
    },

    /** Runs after the queues are closed. Waits for the last records, and hands back the rest. */
    async flush({ step }: StopSteps): Promise<void> {
      await step("records of deliveries", 0.9, delivery.flush);
      if (parts.works) await step("leases and claims to hand back", 0.92, handBack);
    },
  };
}
