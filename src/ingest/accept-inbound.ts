import { assertNever } from "../core/assert-never.ts";
import { isAccessPayload } from "../core/message/access-press.ts";
import type { ChannelEvent } from "../core/message/channel-event.ts";
import type { ConversationRef, InboundMessage } from "../core/message/inbound-message.ts";
import type { KnownMessage } from "../core/message/message-context.ts";
import type { ChannelRef } from "../core/session/runtime.ts";
import { storableData } from "../core/text/text.ts";
import { eventRow } from "./event-row.ts";
import type { InboundOutcome, InboundRow } from "./inbound-row.ts";
import { type SessionMessage, sessionRow } from "./session-row.ts";

export interface IngestDeps {
  /** Stores one message, committed together with all others that wait. */
  store(row: InboundRow): Promise<InboundOutcome>;
  /** Answers a request for access, if the message is an approver's press. False: the message is no such press. */
  press(channel: ChannelRef, event: InboundMessage): Promise<boolean>;
  /** The known identifier of the user whom the platform calls by these names. */
  identify(channel: ChannelRef, names: readonly [string, ...string[]]): Promise<string>;
  /** Our own messages in a conversation, by the platform's ids for them. */
  ownMessages(
    channel: ChannelRef,
    address: string,
    externalIds: readonly string[],
  ): Promise<ReadonlyMap<string, KnownMessage>>;
  /** Handles events that are no message of a user. */
  others: OtherEvents;
  onOutcome(channel: ChannelRef, row: InboundRow, outcome: InboundOutcome): void;
}

type EventOf<Type> = Extract<ChannelEvent, { type: Type }>;

/** One function for each type of event except messages. */
export type OtherEvents = {
  [Type in Exclude<ChannelEvent["type"], "message">]: (
    channel: ChannelRef,
    event: EventOf<Type>,
  ) => Promise<void>;
};

export interface Ingest {
  /** Stores the events of a platform, in order. Resolves once they are committed. Repeated events change nothing. */
  acceptEvents(channel: ChannelRef, events: readonly ChannelEvent[]): Promise<void>;
  /** Stores a message in a session named by id (web, api). */
  acceptMessage(
    channel: ChannelRef,
    message: SessionMessage,
  ): Promise<{ row: InboundRow; outcome: InboundOutcome }>;
}

/** Turns a platform's event into a committed row. */
export function createIngest(deps: IngestDeps): Ingest {
  async function acceptOne(channel: ChannelRef, event: ReadEvent): Promise<void> {
    switch (event.type) {
      case "message": {
        if (isAccessPayload(event.payload) && (await deps.press(channel, event))) return;
        const row = eventRow(channel, event, event.own ?? NONE_OF_OURS);
        deps.onOutcome(channel, row, await deps.store(row));
        return;
      }
      case "operator_message":
        return deps.others.operator_message(channel, event);
      case "desk_message":
        return deps.others.desk_message(channel, event);
      case "desk_press":
        return deps.others.desk_press(channel, event);
      case "arrival":
        return deps.others.arrival(channel, event);
      case "receipt":
        return deps.others.receipt(channel, event);
      case "address_change":
        return deps.others.address_change(channel, event);
      case "stop":
        return deps.others.stop(channel, event);
      case "reachability":
        return deps.others.reachability(channel, event);
      case "marketing_preference":
        return deps.others.marketing_preference(channel, event);
      case "rating":
        return deps.others.rating(channel, event);
      default:
        return assertNever(event, "channel event");
    }
  }

  /** The same message with the user's known identifier and our own messages to which it refers. */
  async function lookedUp(channel: ChannelRef, event: ChannelEvent): Promise<ReadEvent> {
    if (event.type === "operator_message" || event.type === "arrival")
      return { ...event, conversation: await identified(channel, event.conversation) };
    if (event.type !== "message") return event;
    const conversation = await identified(channel, event.conversation);
    const pointedAt = pointsAt(event);
    if (pointedAt.length === 0) return { ...event, conversation };
    const own = await deps.ownMessages(channel, conversation.address, pointedAt);
    return { ...event, conversation, own };
  }

  async function identified(channel: ChannelRef, conversation: ConversationRef): Promise<ConversationRef> {
    const { userIdentifier, aliases } = conversation;
    if (aliases === undefined) return conversation;
    const known = await deps.identify(channel, [userIdentifier, ...aliases]);
    const address = conversation.address === userIdentifier ? known : conversation.address;
    return { ...conversation, userIdentifier: known, address };
  }

  return {
    async acceptEvents(channel, received) {
      // One NUL in an id would fail a look-up each time that the platform repeats the event.
      const events = received.map(storableData);
      const known = events.some(hasToBeLookedUp)
        ? await Promise.all(events.map((event) => lookedUp(channel, event)))
        : events;
      // Submitted in order. Messages of one conversation share a partition, which keeps that order.
      await Promise.all(known.map((event) => acceptOne(channel, event)));
    },
    async acceptMessage(channel, message) {
      const row = sessionRow(channel, message);
      const outcome = await deps.store(row);
      deps.onOutcome(channel, row, outcome);
      return { row, outcome };
    },
  };
}

/** A message with our own messages to which it refers. */
type ReadEvent = ChannelEvent & { own?: ReadonlyMap<string, KnownMessage> };

const NONE_OF_OURS: ReadonlyMap<string, KnownMessage> = new Map();

/** Most events need nothing from the database before they are stored. */
function hasToBeLookedUp(event: ChannelEvent): boolean {
  if (event.type === "operator_message" || event.type === "arrival") return true;
  return event.type === "message" && (event.conversation.aliases !== undefined || pointsAt(event).length > 0);
}

function pointsAt({ references = [] }: InboundMessage): string[] {
  return references.flatMap(({ externalId }) => externalId ?? []);
}
