import type { Channel } from "../channels/channel.ts";
import type { OutboundFile, OutboundPart, SendResult } from "../core/message/outbound.ts";
import { linkTo } from "../core/message/sent-file.ts";
import type { Logger } from "../core/process/logger.ts";
import { withinTime } from "../core/time/time-limit.ts";
import type { ClaimedDelivery, DeliveredFile } from "./claim-repository.ts";
import { createDeskSender, type DeskSenderDeps, type Sent } from "./send-to-desk.ts";

export interface SenderDeps {
  platforms: {
    channel(channelId: string): Channel | null;
    /** Files that we keep. */
    files: KeptFiles;
    /** The threads of desks. */
    desks: DeskSenderDeps;
  };
  /** Returns those of the platform's ids that belong to no known delivery. */
  unclaimed(channelId: string, externalIds: readonly string[]): Promise<string[]>;
  sendTimeoutMs: number;
  shutdown: AbortSignal;
  log: Logger;
}

/** Files that we keep: an address at which the platform may fetch one, and its content. */
export interface KeptFiles {
  linkTo(id: string): string;
  read(id: string): Promise<Buffer | null>;
}

/**
 * Sends one delivery through its channel. It first searches for an earlier send that may have arrived. Never rejects.
 */
export function createSender(deps: SenderDeps) {
  const sendToDesk = createDeskSender(deps.platforms.desks);

  return async function send(channelId: string, delivery: ClaimedDelivery): Promise<Sent> {
    const channel = deps.platforms.channel(channelId);
    if (!channel) return CHANNEL_DISABLED;
    const part = toPart(delivery, deps.platforms.files);
    const { desk } = delivery;
    try {
      return await withinTime(deps.sendTimeoutMs, deps.shutdown, async (signal) =>
        desk === null
          ? ((await findEarlier(channelId, channel, delivery, part, signal)) ??
            (await channel.send(part, signal)))
          : sendToDesk(channel, desk, part, delivery.possibleDuplicate, signal),
      );
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      deps.log.error({ err: error, delivery_id: delivery.id }, "a channel threw while sending");
      return { kind: "unknown", code: "send_threw", reason };
    }
  };

  /** The send whose answer was lost, if the platform has it. Null: it has to be sent (again). */
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
      deps.log.warn(
        { err: error, delivery_id: delivery.id },
        "could not search for a send of unknown outcome",
      );
      const reason = "an earlier send may have arrived, and the platform could not be asked about it";
      return { kind: "unknown", code: "not_looked_up", reason };
    }
  }
}

/** A link to a file that we keep expires, so each send gets a new link. */
function toPart(delivery: ClaimedDelivery, files: KeptFiles): OutboundPart {
  const { id, address, content, format, buttons, sessionId, messageId, part, preview, answers, earlier } =
    delivery;
  const file = delivery.file && withAddress(delivery.file, files);
  return {
    deliveryId: id,
    address,
    text: content === "" && file !== null ? linkTo(file) : content,
    ...(format === null ? {} : { format }),
    ...(buttons.length === 0 ? {} : { buttons }),
    sessionId: sessionId ?? id,
    messageId: messageId ?? id,
    part,
    ...(preview === null ? {} : { preview }),
    ...(file === null ? {} : { file }),
    ...(answers === null ? {} : { answers }),
    ...(earlier === null ? {} : { earlier }),
  };
}

function withAddress({ id, url, spoken, ...file }: DeliveredFile, files: KeptFiles): OutboundFile {
  return { ...file, url: url ?? files.linkTo(id), ...(spoken && { voice: () => files.read(id) }) };
}

const CHANNEL_DISABLED: SendResult = {
  kind: "retry",
  scope: "connection",
  code: "channel_disabled",
  reason: "the channel is disabled",
  afterMs: 60_000,
};
