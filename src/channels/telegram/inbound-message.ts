import type { InboundMessage } from "../../core/message/inbound-message.ts";
import type { JsonObject } from "../../core/text/json.ts";
import { conversationAt, type TelegramPlace } from "./address.ts";
import { type Addressing, isWithOnePerson } from "./addressing.ts";
import { attachmentsOf } from "./attachments.ts";
import type { BotIdentity } from "./identity.ts";
import type { TelegramMessage } from "./message.ts";
import { withoutEmpty, writerOf } from "./people.ts";
import { referencesOf, unseenFiles } from "./references.ts";

/** Converts a message for us to the common form of all channels. */
export function toMessage(
  message: TelegramMessage,
  addressing: Extract<Addressing, { text: string }>,
  eventKey: string,
  us: BotIdentity,
): InboundMessage {
  const writer = writerOf(message);
  const text = [addressing.text, message.special ?? ""].filter((words) => words !== "").join("\n");
  const attachments = [...attachmentsOf(message), ...unseenFiles(message, us.ids)];
  const references = referencesOf(message, placeOf(message), text, us.ids);
  return {
    type: "message",
    // The message id is not added, because it is unique only in a chat. One event of Telegram has one update id.
    eventKeys: [eventKey],
    conversation: conversationAt(placeOf(message)),
    ...(writer?.name ? { userName: writer.name } : {}),
    profile: profileOf(message),
    text,
    ...(attachments.length === 0 ? {} : { attachments }),
    ...("payload" in addressing && addressing.payload !== undefined ? { payload: addressing.payload } : {}),
    ...(writer === null || isWithOnePerson(message) ? {} : { author: withoutEmpty(writer) }),
    ...(message.date ? { sentAt: new Date(message.date * 1000) } : {}),
    ...(references.length === 0 ? {} : { references }),
    ...(message.media_group_id === undefined ? {} : { albumKey: message.media_group_id }),
    // A message that is only scheduled has no id yet.
    ...(message.message_id > 0 ? { replyReference: String(message.message_id) } : {}),
  };
}

/** The new words of a message. Only these change; a part of an album that has no words of its own stays as it is. */
export function editOf({ albumKey: _, ...event }: InboundMessage, message: TelegramMessage): InboundMessage {
  const editedAt = new Date((message.edit_date || Number.NaN) * 1000);
  const isKnown = !Number.isNaN(editedAt.getTime());
  return { ...event, edits: true, ...(isKnown ? { metadata: { edited_at: editedAt.toISOString() } } : {}) };
}

/** The place of a message. */
export function placeOf({ chat, ...message }: TelegramMessage): TelegramPlace {
  const { business_connection_id: business } = message;
  if (business !== undefined) return { chatId: chat.id, topic: { kind: "business", id: business } };
  const direct = message.direct_messages_topic?.topic_id;
  if (direct !== undefined) return { chatId: chat.id, topic: { kind: "direct", id: direct } };
  const thread = message.is_topic_message ? message.message_thread_id : undefined;
  return { chatId: chat.id, topic: thread === undefined ? null : { kind: "thread", id: thread } };
}

function profileOf(message: TelegramMessage): JsonObject {
  const { chat, from } = message;
  return {
    chat_type: chat.type,
    ...(chat.title === undefined ? {} : { chat_title: chat.title }),
    ...(from?.username === undefined ? {} : { username: from.username }),
    ...(from?.language_code === undefined ? {} : { locale: from.language_code }),
  };
}
