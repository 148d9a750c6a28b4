import type { ReconcilerStep } from "../core/process/reconciler.ts";
import { createApplyReceipts } from "../delivery/apply-receipts.ts";
import type { AttemptRecord } from "../delivery/attempt-repository.ts";
import { createChannelActivityLog } from "../delivery/channel-activity.ts";
import { createChannelActivity } from "../delivery/channel-activity-repository.ts";
import { createDeliveryEngine } from "../delivery/delivery-engine.ts";
import { createDeliveryRepository } from "../delivery/delivery-repository.ts";
import { createDeskDeliveries } from "../delivery/desk-delivery-repository.ts";
import { createParkedRepository } from "../delivery/parked-repository.ts";
import { createReceiptRepository } from "../delivery/receipt-repository.ts";
import { createDeliveryQueues } from "../queue/delivery-queue.ts";
import { createGroupCommit } from "../storage/group-commit.ts";
import { writeOnce } from "../storage/write-once.ts";
import { createTraceDeliveries } from "../trail/trace-deliveries.ts";
import { findTraces } from "../trail/trace-sources-repository.ts";
import { createUserAliases } from "../users/alias-repository.ts";
import { createUnreachableUsers } from "../users/unreachable-repository.ts";
import type { PartDeps } from "./pipeline.ts";

/** A platform's answer waits this long for the database during an outage, milliseconds. */
const RECORD_PATIENCE_MS = 60_000;

/** Wires delivery: from a committed reply over its channel's queue to the platform. */
export function createDeliveryParts(deps: PartDeps) {
  const { engine, channels, metrics, log, owner, times } = deps;
  const { pool } = engine.database;
  const deliveries = createDeliveryRepository(pool, { owner, sendLeaseMs: times.sendLeaseMs });
  const unreachable = createUnreachableUsers(pool);
  const aliases = createUserAliases(pool);
  const receipts = createReceiptRepository(pool, unreachable);
  const parked = createParkedRepository(pool);
  const desks = createDeskDeliveries(pool);
  const queues = createDeliveryQueues(engine.queues, log);
  const { record: recordActivity, forgetTroubles } = createChannelActivity(pool);
  const activity = createChannelActivityLog({
    record: recordActivity,
    now: () => new Date(),
    log,
  });

  const record = createGroupCommit({
    run: (records: AttemptRecord[]) =>
      writeOnce(records, (open) => deliveries.record(open), {
        findWritten: deliveries.recorded,
        patienceMs: RECORD_PATIENCE_MS,
        signal: deps.giveUp,
      }),
    maxBatch: 200,
    partitions: 1,
    partitionOf: (attempt) => attempt.id,
  });
  const traces =
    deps.tracing &&
    createTraceDeliveries({
      tracing: deps.tracing,
      find: (messageIds) => findTraces(pool, messageIds),
      channel: (channelId) => channels.byId(channelId)?.ref.name ?? null,
      log,
    });
  const deliveryEngine = createDeliveryEngine({
    repository: deliveries,
    record,
    channel: (channelId) => channels.byId(channelId)?.channel ?? null,
    unclaimed: receipts.unclaimed,
    files: { linkTo: deps.attachments.links.linkTo, read: deps.attachments.read },
    requeue: (channelId, ids, delayMs) => queues.enqueueLater(channelId, ids, delayMs),
    pauseQueue: (channelId, ms) => queues.pause(channelId, ms),
    isIdempotent: (channelId) => channels.byId(channelId)?.definition.capabilities.idempotentSends === true,
    async alsoKnownAs(channelId, address, names) {
      await aliases.identify(channelId, [address, ...names]);
    },
    userUnreachable: unreachable.markUserOf,
    onRecorded(delivery, attempt, startedAt) {
      traces?.sent(delivery, attempt, startedAt);
      const channel = channels.byId(delivery.channelId)?.ref.name ?? delivery.channelId;
      metrics.deliveries.inc({ channel, status: attempt.status === "queued" ? "retry" : attempt.status });
      if (attempt.status === "sent" || attempt.status === "delivered") {
        metrics.deliverySeconds.observe({ channel }, (Date.now() - delivery.createdAt.getTime()) / 1000);
        activity.outbound(delivery.channelId);
      }
    },
    onChannelError: activity.trouble,
    onDeskError: activity.error,
    desks: {
      ...desks,
      linkToConversation: (sessionId) => `${deps.publicUrl}/console/conversations/${sessionId}`,
    },
    sendTimeoutMs: times.sendTimeoutMs,
    sendLeaseMs: times.sendLeaseMs,
    log,
  });

  const applied = createApplyReceipts({ receipts, deliveries, queues, activity, log });

  let graceMs = engine.alone ? 0 : times.strandedMs;
  const steps: ReconcilerStep[] = [
    { name: "dead senders", run: () => deliveries.expireClaims({ all: false }) },
    { name: "claims without an answer", run: deliveryEngine.recover },
    // Before any delivery of unknown outcome is sent again.
    { name: "early receipts", run: applied.applyEarly },
    { name: "pauses that are over", run: () => deliveries.forgetPauses() },
    {
      name: "parked deliveries",
      run: async () => {
        for (const { id, channelId } of await parked.releaseMissed()) queues.enqueue(channelId, [id]);
        await parked.expire();
      },
    },
    {
      name: "stranded deliveries",
      run: async () => {
        for (const { id, channelId } of await deliveries.stranded({ graceMs, limit: 1000 })) {
          queues.enqueue(channelId, [id]);
        }
        graceMs = times.strandedMs;
      },
    },
  ];

  return {
    deliveries,
    /** Sends what a session's commits planned for a desk. If this fails, the reconciler does it later. */
    tellDesk(sessionId: string): void {
      const tell = async () => {
        for (const { id, channelId } of await desks.planned(sessionId)) queues.enqueue(channelId, [id]);
      };
      tell().catch((error: unknown) => {
        log.warn({ err: error, session_id: sessionId }, "could not tell a desk; the reconciler will");
      });
    },
    applyReceipt: applied.apply,
    /** The user at an address wrote, so parked deliveries are sent now, before the answer. */
    async release(channelId: string, address: string): Promise<void> {
      if (channels.byId(channelId)?.definition.capabilities.parks !== true) return;
      queues.enqueue(channelId, await parked.release(channelId, address));
    },
    queues,
    activity,
    steps,
    async start(): Promise<void> {
      // No other process can be alive, so no process sends the claimed deliveries.
      if (engine.alone) await deliveries.expireClaims({ all: true });
      await forgetTroubles(channels.all().map(({ ref }) => ref.id));
      for (const { ref } of channels.all()) queues.work(ref.id, deliveryEngine.deliver);
    },
    /** Runs after the queues are closed. Waits for the last records. */
    async flush(): Promise<void> {
      await deliveryEngine.drain();
      await record.drain();
      await traces?.drain();
      await activity.stop();
    },
    handBack: deliveryEngine.recover,
  };
}

export type DeliveryParts = ReturnType<typeof createDeliveryParts>;
