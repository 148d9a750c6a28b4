import type { ChannelDirectory } from "../channels/channel-directory.ts";
import type { Logger } from "../core/process/logger.ts";
import type { WorkingProcess } from "../core/process/working-process.ts";
import type { Metrics } from "../observability/metrics.ts";
import { createDeliveryQueues, type DeliveryJob } from "../queue/delivery-queue.ts";
import type { QueueBackend } from "../queue/queue-backend.ts";
import type { Database } from "../storage/database.ts";
import { createUserAliases } from "../users/alias-repository.ts";
import { createUnreachableUsers } from "../users/unreachable-repository.ts";
import { createApplyReceipts } from "./apply-receipts.ts";
import type { AttemptRecord } from "./attempt-repository.ts";
import { createChannelActivityLog } from "./channel-activity.ts";
import { createChannelActivity } from "./channel-activity-repository.ts";
import type { ClaimedDelivery } from "./claim-repository.ts";
import { createDeliveryEngine, type DeliveryEngineDeps } from "./delivery-engine.ts";
import { createDeliveryRepository } from "./delivery-repository.ts";
import { deliverySteps } from "./delivery-steps.ts";
import { createDeskDeliveries } from "./desk-delivery-repository.ts";
import { createParkedRepository } from "./parked-repository.ts";
import { type AppliedReceipt, createReceiptRepository } from "./receipt-repository.ts";
import { createAttemptRecorder } from "./record-attempts.ts";

export interface DeliveryStageDeps {
  base: {
    database: Database;
    queues: QueueBackend;
    process: WorkingProcess;
    metrics: Pick<Metrics, "deliveries" | "deliverySeconds">;
    log: Logger;
  };
  channels: ChannelDirectory;
  files: DeliveryEngineDeps["platforms"]["files"];
  linkToConversation(sessionId: string): string;
  /** Traces recorded sends, and the platforms' reports about them; null: tracing is off. */
  trace: { sent: DeliveryEngineDeps["on"]["recorded"]; received(receipt: AppliedReceipt): void } | null;
}

export type DeliveryStage = ReturnType<typeof createDeliveryStage>;

/** Delivery: from a committed reply over its channel's queue to the platform. */
export function createDeliveryStage({ base, channels, files, linkToConversation, trace }: DeliveryStageDeps) {
  const { process, metrics, log } = base;
  const { pool } = base.database;
  const { sendLeaseMs, sendTimeoutMs } = process.times;
  const deliveries = createDeliveryRepository(pool, { owner: process.owner, sendLeaseMs });
  const unreachable = createUnreachableUsers(pool);
  const aliases = createUserAliases(pool);
  const receipts = createReceiptRepository(pool, unreachable, trace?.received);
  const parked = createParkedRepository(pool);
  const desks = createDeskDeliveries(pool);
  const queues = createDeliveryQueues(base.queues, log);
  const { record: recordActivity, forgetTroubles } = createChannelActivity(pool);
  const activity = createChannelActivityLog({ record: recordActivity, now: () => new Date(), log });
  const record = createAttemptRecorder(deliveries, process.giveUp);

  const recorded: DeliveryEngineDeps["on"]["recorded"] = (delivery, attempt, startedAt) => {
    trace?.sent(delivery, attempt, startedAt);
    const channel = channels.byId(delivery.channelId)?.ref.name ?? delivery.channelId;
    if (countAttempt(metrics, channel, delivery, attempt)) activity.outbound(delivery.channelId);
  };

  const engine = createDeliveryEngine({
    rows: {
      deliveries,
      record,
      unclaimed: receipts.unclaimed,
      async alsoKnownAs(channelId, address, names) {
        await aliases.identify(channelId, [address, ...names]);
      },
      userUnreachable: unreachable.markUserOf,
    },
    platforms: { ...platformsOf(channels), files, desks: { ...desks, linkToConversation } },
    queues: { requeue: queues.enqueueLater, pauseQueue: queues.pause },
    on: { recorded, channelError: activity.trouble, deskError: activity.error },
    times: { sendTimeoutMs, sendLeaseMs },
    log,
  });
  const applied = createApplyReceipts({ receipts, deliveries, queues, activity, log });

  async function queuePlanned(sessionId: string): Promise<void> {
    for (const { id, channelId } of await desks.planned(sessionId)) queues.enqueue(channelId, [id]);
  }

  /**
   * A job of deliveries that were claimed with their commit only waits for their sends. Another process has nothing to
   * do. If the one that claimed them dies, the claims expire.
   */
  async function deliver(channelId: string, { deliveryIds, claimedBy }: DeliveryJob): Promise<void> {
    if (claimedBy === undefined) await engine.deliver(channelId, deliveryIds);
    else if (claimedBy === process.owner) await engine.committed.ended(deliveryIds);
  }

  return {
    deliveries,
    /** Sends what a session's commits planned for a desk. If this fails, the reconciler does it later. */
    tellDesk(sessionId: string): void {
      queuePlanned(sessionId).catch((error: unknown) => {
        log.warn({ err: error, session_id: sessionId }, "could not notify a desk; the reconciler will");
      });
    },
    applyReceipt: applied.apply,
    /** The user at an address wrote, so parked deliveries are sent now, before the answer. */
    async release(channelId: string, address: string): Promise<void> {
      if (channels.byId(channelId)?.definition.capabilities.parks !== true) return;
      queues.enqueue(channelId, await parked.release(channelId, address));
    },
    queues,
    /** Lets the commit of a turn claim its deliveries, so that they are sent at once. */
    reserve: engine.committed.reserve,
    /** Puts committed deliveries on their queue. Those that are being sent here have a job too, which waits for them. */
    enqueue(channelId: string, ids: readonly string[]): void {
      queues.enqueue(channelId, ids, engine.committed.areSending(ids) ? process.owner : null);
    },
    activity,
    steps: deliverySteps({ deliveries, parked, engine, queues, applyEarly: applied.applyEarly, process }),
    async start(): Promise<void> {
      // No other process sends the claimed deliveries.
      if (process.alone) await deliveries.expireClaims({ all: true });
      await forgetTroubles(channels.all().map(({ ref }) => ref.id));
      for (const { ref } of channels.all()) queues.work(ref.id, deliver);
    },
    /** Resolves when the deliveries that commits have claimed are sent. */
    sent: engine.committed.allEnded,
    /** Runs after the queues are closed. Waits for the last records. */
    async flush(): Promise<void> {
      await engine.drain();
      await record.drain();
      await activity.stop();
    },
    handBack: engine.recover,
  };
}

function platformsOf(
  channels: ChannelDirectory,
): Pick<DeliveryEngineDeps["platforms"], "channel" | "isIdempotent"> {
  return {
    channel: (channelId) => channels.byId(channelId)?.channel ?? null,
    isIdempotent: (channelId) => channels.byId(channelId)?.definition.capabilities.idempotentSends === true,
  };
}

/** Counts an attempt. Returns true if the platform has the delivery. */
function countAttempt(
  { deliveries, deliverySeconds }: DeliveryStageDeps["base"]["metrics"],
  channel: string,
  { createdAt }: ClaimedDelivery,
  { status }: AttemptRecord,
): boolean {
  deliveries.inc({ channel, status: status === "queued" ? "retry" : status });
  if (status !== "sent" && status !== "delivered") return false;
  deliverySeconds.observe({ channel }, (Date.now() - createdAt.getTime()) / 1000);
  return true;
}
