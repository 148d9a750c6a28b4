import type { ChannelEvent } from "../../core/message/channel-event.ts";
import type { InboundMessage } from "../../core/message/inbound-message.ts";
import { findPressed, readPressReference } from "../../core/message/press.ts";
import type { ChannelOptions } from "../channel-options.ts";
import { buttonsUnknown, isLater, type Later } from "../kit/later.ts";
import { isSameAddress } from "./address.ts";

type FindButtons = ChannelOptions<unknown>["findButtons"];

/**
 * Replaces the references of our buttons with their payloads. A reference that was not offered in this conversation
 * keeps only its text. The payload of the operator's own template stays. The result is `later` if the lookup is not
 * possible.
 */
export async function readPresses(
  events: readonly ChannelEvent[],
  findButtons: FindButtons,
): Promise<ChannelEvent[] | Later> {
  const read: ChannelEvent[] = [];
  for (const event of events) {
    const found = event.type === "message" ? await readPress(event, findButtons) : event;
    if (isLater(found)) return found;
    read.push(found);
  }
  return read;
}

async function readPress(message: InboundMessage, findButtons: FindButtons): Promise<InboundMessage | Later> {
  const { payload, ...words } = message;
  const reference = payload === undefined ? null : readPressReference(payload);
  if (reference === null) return message;
  const found = await findPressed(reference, findButtons).catch(buttonsUnknown);
  if (isLater(found)) return found;
  if (!found || !isSameUser(found.offered.address, message.conversation.address)) return words;
  return { ...words, text: found.pressed.label, payload: found.pressed.payload };
}

/** A number and a business-scoped id may be the same user. Only two numbers can be proven different. */
function isSameUser(sentTo: string, from: string): boolean {
  const isNumber = (address: string) => /^whatsapp:\+\d+$/.test(address);
  return isSameAddress(sentTo, from) || !isNumber(sentTo) || !isNumber(from);
}
