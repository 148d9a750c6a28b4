import { newId } from "../core/ids.ts";
import { createDeliveryParts } from "./delivery-parts.ts";
import { createIngestParts } from "./ingest-parts.ts";
import { type PartDeps, PIPELINE_TIMES, type PipelineDeps } from "./pipeline-deps.ts";
import { startReconciler } from "./reconciler.ts";
import { createTurnParts } from "./turn-parts.ts";

export type Pipeline = ReturnType<typeof createPipeline>;

/** The flow: ingest -> session -> turn -> delivery, wired around one database, one queue and one hub. */
export function createPipeline(deps: PipelineDeps) {
  const times = { ...PIPELINE_TIMES, ...deps.times };
  const parts: PartDeps = { ...deps, times, owner: newId(), works: deps.role !== "web" };
  const delivery = createDeliveryParts(parts);
  const turns = createTurnParts(parts, delivery);
  const { ingest, messageOfEvent, drain } = createIngestParts(parts, delivery, turns, deps.room);
  let reconciler: { stop(): Promise<void> } | null = null;

  return {
    ingest,
    messageOfEvent,
    streams: turns.streams,
    contexts: turns.contexts,
    executions: turns.executions,
    cancelExecution: turns.cancelExecution,
    notifySession: turns.notifySession,
    wakeSession: turns.wakeSession,
    enqueueDeliveries: delivery.queues.enqueue,
    owner: parts.owner,
    /** Sessions were erased: what runs in them here may stop; elsewhere their leases are found gone. */
    stopSessions(sessionIds: readonly string[]): void {
      for (const id of sessionIds) turns.turnEngine.lost(id);
    },

    /** Starts working: queues, leases, and looking for what a crash left behind. */
    async start(): Promise<void> {
      if (!parts.works) return;
      await turns.start();
      await delivery.start();
      const groups = [turns.steps, turns.previewSteps, delivery.steps, deps.attachments.steps];
      reconciler = startReconciler({ intervalMs: times.reconcileMs, groups, log: deps.log });
    },

    /** Finishes or hands back what is under way. New work is not accepted any more by then. */
    async stop(): Promise<void> {
      await reconciler?.stop();
      await drain();
      await turns.stop();
      await deps.attachments.stop();
      await delivery.queues.flush();
      turns.close();
    },

    /** After the queues are closed: waits for the last records. */
    flush: delivery.flush,
  };
}
