import type { DeliveryReceipt } from "../core/message/channel-event.ts";
import type { Logger } from "../core/process/logger.ts";
import type { DeliveryQueues } from "../queue/delivery-queue.ts";
import type { ChannelActivityLog } from "./channel-activity.ts";
import type { DeliveryRepository } from "./delivery-repository.ts";
import type { ReceiptRepository, RequeuedDelivery } from "./receipt-repository.ts";

export interface ApplyReceiptsDeps {
  receipts: Pick<ReceiptRepository, "apply" | "applyEarly">;
  deliveries: Pick<DeliveryRepository, "pauseChannel">;
  queues: Pick<DeliveryQueues, "enqueueLater" | "pause">;
  activity: Pick<ChannelActivityLog, "trouble">;
  log: Logger;
}

/** Applies what platforms report about earlier sends. */
export function createApplyReceipts({ receipts, deliveries, queues, activity, log }: ApplyReceiptsDeps) {
  /**
   * Deliveries that a platform accepted, could not deliver, and may get again. The reconciler finds those missed here.
   */
  function requeue(failed: readonly RequeuedDelivery[]): void {
    for (const { channelId, id, retryInMs } of failed) {
      queues.enqueueLater(channelId, [id], retryInMs).catch((error: unknown) => {
        log.warn({ err: error, delivery_id: id }, "could not enqueue a delivery again; the reconciler will");
      });
    }
  }

  /** A receipt's limit of the whole connection applies to every other send too. */
  async function pauseFor(channelId: string, receipt: DeliveryReceipt): Promise<void> {
    const { scope, afterMs = 0, errorMessage = "the platform asked to wait" } = receipt;
    if (scope !== "connection" || afterMs <= 0) return;
    activity.trouble(channelId, errorMessage);
    await deliveries.pauseChannel(channelId, afterMs);
    await queues.pause(channelId, afterMs);
  }

  return {
    async apply(channelId: string, receipt: DeliveryReceipt): Promise<void> {
      const failed = await receipts.apply(channelId, receipt);
      requeue(failed);
      if (failed.length > 0) await pauseFor(channelId, receipt);
    },
    /** Receipts that came before the send was recorded. */
    async applyEarly(): Promise<void> {
      requeue(await receipts.applyEarly());
    },
  };
}
