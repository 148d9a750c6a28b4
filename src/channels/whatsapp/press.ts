import type { ChannelEvent, InboundMessage } from "../../core/channel-event.ts";
import { RequestError } from "../../core/errors.ts";
import { findPressed, readPressReference } from "../../core/press.ts";
import type { ChannelOptions } from "../channel.ts";

type FindButtons = NonNullable<ChannelOptions<unknown>["findButtons"]>;

/**
 * What buttons of ours carry in place of their references. One that was not offered in the conversation is only what it
 * says; what a template of the operator's own carries stays. Rejects with 503 where it cannot be known.
 */
export function readPresses(
  events: readonly ChannelEvent[],
  findButtons: FindButtons,
): Promise<ChannelEvent[]> {
  return Promise.all(events.map((event) => (event.type === "message" ? read(event, findButtons) : event)));
}

async function read(message: InboundMessage, findButtons: FindButtons): Promise<InboundMessage> {
  const { payload, ...words } = message;
  const reference = payload === undefined ? null : readPressReference(payload);
  if (reference === null) return message;
  const found = await findPressed(reference, findButtons).catch(unknown);
  if (!found || !isSameUser(found.offered.address, message.conversation.address)) return words;
  return { ...words, text: found.pressed.label, payload: found.pressed.payload };
}

/** A number and a business-scoped id may be the same user: only two numbers can be told apart. */
function isSameUser(sentTo: string, from: string): boolean {
  const isNumber = (address: string) => /^whatsapp:\+\d+$/.test(address);
  return sentTo === from || !isNumber(sentTo) || !isNumber(from);
}

function unknown(cause: unknown): never {
  throw new RequestError(503, "buttons_unknown", "What was offered cannot be looked up. Send it again.", {
    headers: { "Retry-After": "5" },
    cause,
  });
}
