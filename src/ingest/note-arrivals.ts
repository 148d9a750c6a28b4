import type { Logger } from "../core/process/logger.ts";
import type { ChannelRef } from "../core/session/runtime.ts";
import type { ChannelActivityLog } from "../delivery/channel-activity.ts";
import type { Metrics } from "../observability/metrics.ts";
import type { InboundOutcome, InboundRow } from "./inbound-row.ts";

export interface ArrivalNotesDeps {
  delivery: {
    activity: Pick<ChannelActivityLog, "inbound">;
    /** Sends the parked deliveries of the user at an address. */
    release(channelId: string, address: string): Promise<void>;
    /** Sends what a session's commits planned for a desk. */
    tellDesk(sessionId: string): void;
  };
  metrics: Pick<Metrics, "inbound">;
  log: Logger;
}

/** Counts and logs stored events, and sends what waited for them. */
export function createArrivalNotes({ delivery, metrics, log }: ArrivalNotesDeps) {
  /** Parked deliveries for the user at an address are due. */
  function release(channel: ChannelRef, address: string): void {
    delivery.release(channel.id, address).catch((error: unknown) => {
      log.warn({ err: error, channel: channel.name }, "could not release deliveries; the reconciler will");
    });
  }

  /** Takes an event without a turn. `opens`: the address that now allows messages to the user. */
  function onStored(channel: ChannelRef, isNew: boolean, opens: string | null): void {
    metrics.inbound.inc({ channel: channel.name, outcome: isNew ? "accepted" : "duplicate" });
    if (isNew) delivery.activity.inbound(channel.id);
    if (isNew && opens !== null) release(channel, opens);
  }

  /** Takes a message, and the messages that were released with it. */
  function onOutcome(channel: ChannelRef, row: InboundRow, outcome: InboundOutcome): void {
    for (const waited of outcome.released ?? []) onOutcome(channel, waited.row, waited.outcome);
    metrics.inbound.inc({ channel: channel.name, outcome: outcome.kind });
    const isStored = outcome.kind === "accepted" || outcome.kind === "joined";
    if (isStored) delivery.activity.inbound(channel.id);
    if (isStored && row.sessionId === null) release(channel, row.address);
    // Only while a person answers, a user's message has no execution.
    if (outcome.kind === "joined" || (outcome.kind === "accepted" && outcome.executionId === null))
      delivery.tellDesk(outcome.sessionId);
    const ids = { channel: channel.name, message_id: row.messageId, event_keys: row.eventKeys };
    log.debug({ ...ids, ...(isStored ? { session_id: outcome.sessionId } : {}) }, outcome.kind);
  }

  return { onStored, onOutcome };
}
