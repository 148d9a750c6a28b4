import type { Channel } from "../channels/channel.ts";
import type { Logger } from "../core/logger.ts";
import type { OutboundPart, SendResult } from "../core/outbound.ts";
import { withinTime } from "../core/time-limit.ts";
import type { ClaimedDelivery } from "./delivery-repository.ts";

export interface SenderDeps {
  channel(channelId: string): Channel | null;
  /** Those of the platform's ids that no delivery is known by. */
  unclaimed(channelId: string, externalIds: readonly string[]): Promise<string[]>;
  sendTimeoutMs: number;
  shutdown: AbortSignal;
  log: Logger;
}

/** What a send came to. `once`: it had arrived before, and did not go out again. */
export type Sent = SendResult & { once?: boolean };

/** Sends one delivery through its channel. What may have arrived already is looked for first. Never rejects. */
export function createSender(deps: SenderDeps) {
  return async function send(channelId: string, delivery: ClaimedDelivery): Promise<Sent> {
    const channel = deps.channel(channelId);
    if (!channel) return CHANNEL_DISABLED;
    const part = toPart(delivery);
    try {
      return await withinTime(
        deps.sendTimeoutMs,
        deps.shutdown,
        async (signal) =>
          (await findEarlier(channelId, channel, delivery, part, signal)) ??
          (await channel.send(part, signal)),
      );
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      deps.log.error({ err: error, delivery_id: delivery.id }, "a channel threw while sending");
      return { kind: "unknown", code: "send_threw", reason };
    }
  };

  /** The send whose answer was lost, if the platform has it; null where it has to go out (again). */
  async function findEarlier(
    channelId: string,
    channel: Channel,
    delivery: ClaimedDelivery,
    part: OutboundPart,
    signal: AbortSignal,
  ): Promise<Sent | null> {
    if (!delivery.possibleDuplicate || channel.findSent === undefined) return null;
    try {
      const found = await channel.findSent(part, delivery.createdAt, signal);
      const externalIds = await deps.unclaimed(channelId, found);
      if (externalIds.length === 0) return null;
      return { kind: "sent", externalIds, once: externalIds.length === 1 };
    } catch (error) {
      deps.log.warn({ err: error, delivery_id: delivery.id }, "could not look for a send of unknown outcome");
      const reason = "an earlier send may have arrived, and the platform could not be asked whether it did";
      return { kind: "unknown", code: "not_looked_up", reason };
    }
  }
}

function toPart(delivery: ClaimedDelivery): OutboundPart {
  const { id, address, content, buttons, sessionId, messageId, part, preview, file } = delivery;
  return {
    deliveryId: id,
    address,
    text: content,
    ...(buttons.length === 0 ? {} : { buttons }),
    sessionId,
    messageId,
    part,
    ...(preview === null ? {} : { preview }),
    ...(file === null ? {} : { file }),
  };
}

const CHANNEL_DISABLED: SendResult = {
  kind: "retry",
  scope: "channel",
  code: "channel_disabled",
  reason: "the channel is disabled",
  afterMs: 60_000,
};
