import type { OperatorMessage } from "../../core/message/channel-event.ts";
import { conversationAt, messageIdAt } from "./address.ts";
import { writtenOf } from "./addressing.ts";
import { attachmentsOf } from "./attachments.ts";
import { placeOf } from "./inbound-message.ts";
import type { TelegramMessage } from "./message.ts";
import { nameOf, withoutEmpty } from "./people.ts";
import { readable } from "./readable.ts";

/** True for a message that the owner of a business account wrote to a person, with Telegram's own app. */
export function isByOwner({ business_connection_id: business, chat, from }: TelegramMessage): boolean {
  return business !== undefined && from !== undefined && from.id !== chat.id;
}

/** The words of the owner of a business account. Null: there are none. */
export function ownersWords(message: TelegramMessage, eventKey: string): OperatorMessage | null {
  const { from, date, special } = message;
  const text = [readable(writtenOf(message)), special ?? ""].filter((words) => words !== "").join("\n");
  const attachments = attachmentsOf(message);
  if (from === undefined || (text.trim() === "" && attachments.length === 0)) return null;
  const place = placeOf(message);
  return {
    type: "operator_message",
    eventKeys: [eventKey],
    externalId: messageIdAt(place, message.message_id),
    conversation: conversationAt(place),
    author: { ...withoutEmpty({ identifier: String(from.id), name: nameOf(from) }), via: "telegram" },
    text,
    ...(attachments.length === 0 ? {} : { attachments }),
    ...(date ? { sentAt: new Date(date * 1000) } : {}),
  };
}
