import type { Channel } from "../channels/channel.ts";
import type { ChannelDesk, DeskCard } from "../channels/channel-desk.ts";
import type { DeskAct } from "../core/message/desk-act.ts";
import type { OutboundPart, SendResult } from "../core/message/outbound.ts";
import type { DeskPart, DeskThread } from "./desk-delivery-repository.ts";

export interface DeskSenderDeps {
  threadOf(handoffId: string): Promise<DeskThread | null>;
  opened(handoffId: string, thread: string, card: string | null): Promise<void>;
  /** The conversation's address in the console. */
  linkToConversation(sessionId: string): string;
}

/** A delivery to a desk. */
export interface ForDesk {
  handoffId: string;
  part: DeskPart;
}

/** The result of a send. `once`: it had arrived before, and was not sent again. */
export type Sent = SendResult & { once?: boolean };

const ACTIONS: Record<DeskPart, readonly DeskAct[]> = {
  card: ["take", "release"],
  taken: ["release"],
  released: [],
  words: [],
};

/**
 * Sends to a desk. The address of the thread is read at each send, because it is known only once the card is posted. It
 * is recorded before the outcome of the card. So a card of unknown outcome is repeated in the known thread.
 */
export function createDeskSender({ threadOf, opened, linkToConversation }: DeskSenderDeps) {
  return async function sendToDesk(
    channel: Channel,
    { handoffId, part: kind }: ForDesk,
    part: OutboundPart,
    mayBePosted: boolean,
    signal: AbortSignal,
  ): Promise<Sent> {
    const { desk } = channel;
    const found = await threadOf(handoffId);
    if (desk === undefined || found === null) return NO_DESK;
    const { thread, card } = found;
    const { deliveryId, sessionId } = part;
    // The service may have moved since the card was planned, so each send gets a new link.
    const text = kind === "words" ? part.text : `${part.text}\n\n${linkToConversation(sessionId)}`;
    const about = { deliveryId, sessionId, handoffId, text, actions: ACTIONS[kind], mayBePosted };
    if (kind === "card") return post(desk, { ...found, ...about }, signal);
    if (thread === null) return NO_THREAD;
    if (kind === "words") return asDesk(await channel.send({ ...part, address: thread }, signal));
    if (card === null) return NO_THREAD;
    return asDesk(await desk.change({ ...found, ...about, thread }, card, signal));
  };

  /** Some platforms open the thread with one call, and post the card with the next. */
  async function post(desk: ChannelDesk, card: DeskCard, signal: AbortSignal): Promise<Sent> {
    const first = await desk.post(card, signal);
    let { thread } = card;
    let result: Sent = first;
    if (first.kind === "moved") {
      thread = first.address;
      await opened(card.handoffId, thread, null);
      result = await desk.post({ ...card, thread }, signal);
    }
    if (result.kind !== "sent") return asDesk(result);
    const address = thread ?? result.began;
    if (address !== undefined) await opened(card.handoffId, address, result.externalIds[0] ?? null);
    return asDesk(result);
  }
}

/** A result at a desk tells nothing about the user, and a desk that has to wait delays nobody else. */
function asDesk(result: Sent): Sent {
  switch (result.kind) {
    case "sent": {
      const { began: _, alsoKnownAs: __, ...sent } = result;
      return sent;
    }
    case "retry":
      return result.scope === "conversation" ? { ...result, alone: true } : result;
    case "failed":
      return result.scope === "user" ? { ...result, scope: "conversation" } : result;
    case "moved":
    case "parked": {
      const reason = "the platform asks for another place";
      return { kind: "failed", code: "desk_moved", reason, scope: "conversation" };
    }
    default:
      return result;
  }
}

const NO_DESK: SendResult = {
  kind: "failed",
  code: "desk_gone",
  reason: "the desk is not configured any more, or its channel has no desks",
  scope: "conversation",
};

const NO_THREAD: SendResult = {
  kind: "failed",
  code: "desk_not_opened",
  reason: "the desk has no thread, because the card could not be posted there",
  scope: "conversation",
};
