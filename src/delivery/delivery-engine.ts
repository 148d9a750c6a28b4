import type { Channel, SendResult } from "../channels/channel.ts";
import type { Logger } from "../core/logger.ts";
import type { AttemptRecord, Claim, ClaimedDelivery, DeliveryRepository } from "./delivery-repository.ts";
import { decideRetry, RETRY_RULES } from "./retry-decision.ts";

export interface DeliveryEngineDeps {
  repository: DeliveryRepository;
  /** Claims and records, batched with others under way. */
  claim(ids: string[]): Promise<Claim>;
  record(record: AttemptRecord): Promise<boolean>;
  channel(channelId: string): Channel | null;
  /** Puts deliveries on the queue again, to be looked at after `delayMs`. */
  requeue(channelId: string, ids: string[], delayMs: number): Promise<void>;
  /** The whole channel has to wait: tells the queue. */
  pauseQueue(channelId: string, ms: number): Promise<void>;
  onRecorded(delivery: ClaimedDelivery, record: AttemptRecord): void;
  onChannelError(channelId: string, error: string | null): void;
  sendTimeoutMs: number;
  log: Logger;
}

/** How long a delivery behind a busy lane of another process waits before it looks again, milliseconds. */
const LANE_RECHECK_MS = 100;

export type DeliveryEngine = ReturnType<typeof createDeliveryEngine>;

/** Sends what a job names. Rows are the truth: a job that runs twice finds nothing left to claim. */
export function createDeliveryEngine(deps: DeliveryEngineDeps) {
  const { log } = deps;
  /** Lanes with a send under way in this process, and what waits for it to end. */
  const busy = new Map<string, string[]>();
  const shutdown = new AbortController();

  /** Sends the deliveries with these ids, lanes in parallel, each lane in order. */
  async function deliver(channelId: string, ids: string[]): Promise<void> {
    const { claimed, waiting } = await deps.claim(ids);
    const laneOf = (address: string) => `${channelId}/${address}`;
    const lanes = new Map<string, ClaimedDelivery[]>();
    for (const delivery of claimed) {
      const key = laneOf(delivery.address);
      const lane = lanes.get(key);
      if (lane) lane.push(delivery);
      else lanes.set(key, [delivery]);
    }
    for (const key of lanes.keys()) if (!busy.has(key)) busy.set(key, []);
    const later = new Map<number, string[]>();
    for (const { id, address, retryInMs } of waiting) {
      const queue = retryInMs === 0 ? busy.get(laneOf(address)) : undefined;
      if (queue) queue.push(id);
      else later.set(retryInMs, [...(later.get(retryInMs) ?? []), id]);
    }
    await Promise.all([
      ...[...lanes].map(([key, lane]) => runLane(channelId, key, lane)),
      ...[...later].map(([ms, late]) => deps.requeue(channelId, late, Math.max(ms, LANE_RECHECK_MS))),
    ]);
  }

  async function runLane(channelId: string, key: string, lane: ClaimedDelivery[]): Promise<void> {
    let held = false;
    try {
      for (const delivery of lane) {
        if (held) await putBack(delivery);
        else held = !(await attempt(channelId, delivery));
      }
    } finally {
      const next = busy.get(key) ?? [];
      busy.delete(key);
      if (next.length > 0) await deliver(channelId, next);
    }
  }

  /** One send. False where the lane must not go on: this delivery is to be tried again before the ones behind it. */
  async function attempt(channelId: string, delivery: ClaimedDelivery): Promise<boolean> {
    const result = await send(channelId, delivery);
    const decision = decideRetry(result, delivery.attempts, RETRY_RULES, Math.random);
    const record: AttemptRecord = { id: delivery.id, attempts: delivery.attempts, ...decision };
    if (result.kind === "moved") {
      await deps.repository.moveAddress(channelId, delivery.address, result.address);
    }
    const recorded = await deps.record(record);
    const ids = { delivery_id: delivery.id, session_id: delivery.sessionId, message_id: delivery.messageId };
    if (!recorded) {
      log.warn(ids, "a delivery was taken over while it was being sent");
      return true;
    }
    deps.onRecorded(delivery, record);
    if (result.kind === "sent") log.debug({ ...ids, external_ids: record.externalIds }, "delivered");
    else log.warn({ ...ids, outcome: result.kind, status: record.status, error: record.error }, "not delivered");
    if ("scope" in result && result.scope === "channel") await stopChannel(channelId, result);
    if (record.retryInMs === null) return true;
    await deps.requeue(channelId, [delivery.id], record.retryInMs);
    return false;
  }

  async function send(channelId: string, delivery: ClaimedDelivery): Promise<SendResult> {
    const channel = deps.channel(channelId);
    if (!channel) {
      return {
        kind: "retry",
        scope: "channel",
        code: "channel_disabled",
        reason: "the channel is disabled",
        afterMs: 60_000,
      };
    }
    const signal = AbortSignal.any([shutdown.signal, AbortSignal.timeout(deps.sendTimeoutMs)]);
    const { id, address, content, sessionId, messageId } = delivery;
    try {
      return await channel.send({ deliveryId: id, address, text: content, sessionId, messageId }, signal);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.error({ err: error, delivery_id: id }, "a channel threw while sending");
      return { kind: "unknown", code: "send_threw", reason };
    }
  }

  async function stopChannel(
    channelId: string,
    result: Extract<SendResult, { scope: unknown }>,
  ): Promise<void> {
    deps.onChannelError(channelId, result.reason);
    const ms = result.kind === "retry" ? (result.afterMs ?? 0) : 0;
    if (ms <= 0) return;
    await deps.repository.pauseChannel(channelId, ms);
    await deps.pauseQueue(channelId, ms);
  }

  /** Not sent after all: it goes back behind the one that failed, uncounted. */
  async function putBack(delivery: ClaimedDelivery): Promise<void> {
    await deps.record({
      id: delivery.id,
      attempts: delivery.attempts,
      status: "queued",
      externalIds: [],
      errorCode: null,
      error: null,
      retryInMs: 0,
      address: null,
    });
    await deps.requeue(delivery.channelId, [delivery.id], LANE_RECHECK_MS);
  }

  return { deliver, stop: () => shutdown.abort() };
}
