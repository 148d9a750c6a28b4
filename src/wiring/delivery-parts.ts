import { createChannelActivityLog } from "../delivery/channel-activity.ts";
import { createChannelQueries } from "../delivery/channel-queries-repository.ts";
import { createDeliveryEngine } from "../delivery/delivery-engine.ts";
import { createDeliveryRepository } from "../delivery/delivery-repository.ts";
import { createParkedRepository } from "../delivery/parked-repository.ts";
import { createReceiptRepository } from "../delivery/receipt-repository.ts";
import { createDeliveryQueues } from "../queue/delivery-queue.ts";
import { createGroupCommit } from "../storage/group-commit.ts";
import { createUnreachableUsers } from "../storage/unreachable-users.ts";
import type { PartDeps } from "./pipeline-deps.ts";
import type { ReconcilerStep } from "./reconciler.ts";

/** Delivery, wired: from a committed reply over its channel's queue to the platform. */
export function createDeliveryParts(deps: PartDeps) {
  const { engine, channels, metrics, log, owner, times } = deps;
  const { pool } = engine.database;
  const deliveries = createDeliveryRepository(pool, { owner, sendLeaseMs: times.sendLeaseMs });
  const unreachable = createUnreachableUsers(pool);
  const receipts = createReceiptRepository(pool, unreachable);
  const parked = createParkedRepository(pool);
  const queues = createDeliveryQueues(engine.queues, log);
  const activity = createChannelActivityLog({
    record: createChannelQueries(pool).record,
    now: () => new Date(),
    log,
  });

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
    unclaimed: receipts.unclaimed,
    requeue: (channelId, ids, delayMs) => queues.enqueueLater(channelId, ids, delayMs),
    pauseQueue: (channelId, ms) => queues.pause(channelId, ms),
    userUnreachable: unreachable.markUserOf,
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

  let graceMs = engine.alone ? 0 : times.strandedMs;
  const steps: ReconcilerStep[] = [
    { name: "dead senders", run: () => deliveries.expireClaims({ all: false }) },
    // Before anything of unknown outcome is sent again.
    { name: "early receipts", run: () => receipts.applyEarly() },
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
    applyReceipt: receipts.apply,
    /** The user at an address wrote: what waits for that goes out, before the answer. */
    async release(channelId: string, address: string): Promise<void> {
      if (channels.byId(channelId)?.definition.capabilities.parks !== true) return;
      queues.enqueue(channelId, await parked.release(channelId, address));
    },
    queues,
    activity,
    steps,
    async start(): Promise<void> {
      // No other process can be alive: whatever was being sent lost its sender.
      if (engine.alone) await deliveries.expireClaims({ all: true });
      for (const { ref } of channels.all()) queues.work(ref.id, deliveryEngine.deliver);
    },
    /** After the queues are closed: waits for the last records. */
    async flush(): Promise<void> {
      await record.drain();
      await activity.stop();
      deliveryEngine.stop();
    },
  };
}

export type DeliveryParts = ReturnType<typeof createDeliveryParts>;
