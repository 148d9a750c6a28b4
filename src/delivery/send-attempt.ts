import { applyAnswer } from "./apply-answer.ts";
import type { AttemptRecord } from "./attempt-repository.ts";
import { createChannelPauses } from "./channel-pauses.ts";
import type { ClaimedDelivery } from "./claim-repository.ts";
import type { DeliveryEngineDeps } from "./delivery-engine.ts";
import { decideRetry, RETRY_RULES, withUsablePause } from "./retry-decision.ts";
import type { Sent } from "./send-to-desk.ts";

/**
 * Tells that the rest of a conversation's deliveries go back unsent, with the new address if the conversation moved.
 */
export interface Hold {
  address: string | null;
}

interface SendAttemptDeps {
  engine: DeliveryEngineDeps;
  send(channelId: string, delivery: ClaimedDelivery): Promise<Sent>;
  /** Repeats a write during an outage of the database. */
  patiently<T>(task: () => Promise<T>): Promise<T>;
  /** The result of a claimed delivery is recorded. */
  settled(deliveryId: string): void;
  requeueSoon(channelId: string, ids: string[], delayMs: number): Promise<void>;
}

export type SendAttempt = ReturnType<typeof createSendAttempt>;

/** Sends one claimed delivery, or puts it back, and records the result. */
export function createSendAttempt(deps: SendAttemptDeps) {
  const { patiently } = deps;
  const { rows, platforms, queues, on, log } = deps.engine;
  const pauses = createChannelPauses({
    repository: rows.deliveries,
    pauseQueue: queues.pauseQueue,
    onChannelError: on.channelError,
    patiently,
  });

  /** Does one send. Returns a hold if this delivery must be retried before the deliveries behind it. */
  async function attempt(
    channelId: string,
    delivery: ClaimedDelivery,
    began: Map<string, string>,
  ): Promise<Hold | null> {
    const startedAt = new Date();
    const sent = withUsablePause(await deps.send(channelId, delivery));
    const result = await pauses.widened(channelId, delivery, sent);
    if ("scope" in result && result.scope === "connection") pauses.pauseHere(channelId, result);
    const decision = decideRetry(result, delivery.attempts, RETRY_RULES, Math.random);
    const once = result.once === true || platforms.isIdempotent(channelId);
    const record: AttemptRecord = { id: delivery.id, attempts: delivery.attempts, ...decision, once };
    await applyAnswer({ rows, patiently, log }, channelId, delivery, result, began);
    const recorded = await patiently(() => rows.record(record));
    deps.settled(delivery.id);
    const ids = { delivery_id: delivery.id, session_id: delivery.sessionId, message_id: delivery.messageId };
    if (!recorded) {
      // Or it was recorded, and only the database's answer was lost. Then a delivery with a retry still holds the
      // conversation.
      log.warn(ids, "a delivery was taken over while it was being sent");
      return record.retryInMs === null ? null : { address: record.address };
    }
    on.recorded(delivery, record, startedAt);
    if (result.kind === "sent") log.debug({ ...ids, external_ids: record.externalIds }, "delivered");
    else
      log.warn({ ...ids, outcome: result.kind, status: record.status, error: record.error }, "not delivered");
    if (delivery.desk !== null && record.status === "failed") on.deskError(channelId, record.error ?? "");
    if ("scope" in result && result.scope === "connection") await pauses.pauseEverywhere(channelId, result);
    // The deliveries behind it wait for the user as well.
    if (result.kind === "parked") return { address: null };
    if (record.retryInMs === null) return null;
    await deps.requeueSoon(channelId, [delivery.id], record.retryInMs);
    return { address: record.address };
  }

  /** Returns an unsent delivery to its place behind the failed one. The attempt does not count. */
  async function putBack(delivery: ClaimedDelivery, hold: Hold, delayMs: number): Promise<void> {
    const record: AttemptRecord = {
      id: delivery.id,
      attempts: delivery.attempts,
      status: "queued",
      externalIds: [],
      errorCode: null,
      error: null,
      retryInMs: 0,
      address: hold.address,
      uncounted: true,
    };
    await patiently(() => rows.record(record));
    deps.settled(delivery.id);
    await deps.requeueSoon(delivery.channelId, [delivery.id], delayMs);
  }

  return { attempt, putBack, isPaused: pauses.isPaused };
}
