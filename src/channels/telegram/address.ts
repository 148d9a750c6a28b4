import type { ConversationRef } from "../../core/message/inbound-message.ts";

/** An address for messages: a chat, or a part of it. */
export interface TelegramPlace {
  chatId: number;
  topic: TelegramTopic | null;
}

/**
 * `thread`: a topic of a forum or a private chat. `direct`: a topic of a channel's direct messages, one per
 * person. `business`: a person's chat with a business account. The bot answers in the account's name, and the
 * id names the connection.
 */
export type TelegramTopic = { kind: "thread" | "direct"; id: number } | { kind: "business"; id: string };

const MARKS = { thread: "", direct: "d", business: "b" } as const;

/**
 * For example `12345` and `-100987`. A topic: `-100987:17`. A topic of direct messages: `-100987:d777001`. A
 * chat with a business account: `12345:bAbC-1`.
 */
export function toAddress({ chatId, topic }: TelegramPlace): string {
  return topic === null
    ? String(chatId)
    : `${chatId}:${MARKS[topic.kind]}${encodeURIComponent(String(topic.id))}`;
}

/** The inverse of `toAddress`; null for any other text (an operator may have typed it). */
export function parseAddress(address: string): TelegramPlace | null {
  const [, chat, direct, id, connection] =
    /^(-?\d{1,16})(?::(?:(d?)(\d{1,16})|b([\w.~!'()*%-]{1,300})))?$/.exec(address) ?? [];
  if (chat === undefined) return null;
  const chatId = Number(chat);
  if (connection !== undefined) {
    const business = decoded(connection);
    return business === null ? null : { chatId, topic: { kind: "business", id: business } };
  }
  const kind = direct === "d" ? "direct" : "thread";
  return { chatId, topic: id === undefined ? null : { kind, id: Number(id) } };
}

function decoded(id: string): string | null {
  try {
    return decodeURIComponent(id);
  } catch {
    return null;
  }
}

/** Our id for a message. Chats of business accounts count their messages separately. */
export function messageIdAt(place: TelegramPlace, messageId: number): string {
  return `${place.topic?.kind === "business" ? toAddress(place) : place.chatId}:${messageId}`;
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
  business_connection_id?: string;
} {
  switch (topic?.kind) {
    case undefined:
      return {};
    case "direct":
      return { direct_messages_topic_id: topic.id };
    case "business":
      return { business_connection_id: topic.id };
    case "thread":
      return { message_thread_id: topic.id };
  }
}
