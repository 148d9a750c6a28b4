import type { ConversationRef } from "../../core/message/channel-event.ts";

/** An address for messages: a chat, a topic in it, or one person's topic in a channel's direct messages. */
export interface TelegramPlace {
  chatId: number;
  topic: TelegramTopic | null;
}

/** `thread`: a topic of a forum or a private chat. `direct`: a topic of a channel's direct messages, one per person. */
export interface TelegramTopic {
  kind: "thread" | "direct";
  id: number;
}

/** For example `12345`, `-100987`, `-100987:17` for a topic, `-100987:d777001` for a topic of direct messages. */
export function toAddress({ chatId, topic }: TelegramPlace): string {
  if (topic === null) return String(chatId);
  return `${chatId}:${topic.kind === "direct" ? "d" : ""}${topic.id}`;
}

/** The inverse of `toAddress`; null for any other text (an operator may have typed it). */
export function parseAddress(address: string): TelegramPlace | null {
  const [, chat, direct, id] = /^(-?\d{1,16})(?::(d?)(\d{1,16}))?$/.exec(address) ?? [];
  if (chat === undefined) return null;
  const topic: TelegramTopic | null =
    id === undefined ? null : { kind: direct === "d" ? "direct" : "thread", id: Number(id) };
  return { chatId: Number(chat), topic };
}

/** The conversation at a place. Each topic is a conversation of its own. */
export function conversationAt(place: TelegramPlace): ConversationRef {
  const address = toAddress(place);
  const { chatId, topic } = place;
  const conversation = { address, userIdentifier: address, externalKey: null };
  // The id of a topic of direct messages is that of the person.
  return topic === null
    ? conversation
    : { ...conversation, partOf: String(topic.kind === "direct" ? topic.id : chatId) };
}

/** The topic's parameter for a call. Telegram refuses a message to direct messages without it. */
export function topicOf({ topic }: TelegramPlace): {
  message_thread_id?: number;
  direct_messages_topic_id?: number;
} {
  if (topic === null) return {};
  return topic.kind === "direct" ? { direct_messages_topic_id: topic.id } : { message_thread_id: topic.id };
}
