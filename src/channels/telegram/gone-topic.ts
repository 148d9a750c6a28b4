import type { OutboundPart } from "../../core/message/outbound.ts";
import { type TelegramPlace, topicOf } from "./address.ts";
import { readFault, type TelegramFault } from "./errors.ts";

/** The parameters of a call that choose the place in a chat. */
export interface Whereabouts {
  message_thread_id?: number;
  direct_messages_topic_id?: number;
  business_connection_id?: string;
  reply_parameters?: { message_id: number };
}

/** The target of a send, and the messages that it answers. */
export interface Aim {
  place: TelegramPlace;
  part: Pick<OutboundPart, "answers">;
}

type Note = { code: string; reason: string };

interface Way {
  where: Whereabouts;
  note?: Note;
}

const AS_REPLY: Note = {
  code: "telegram_topic_by_reply",
  reason: "the topic cannot be addressed by its number; sent as a reply to the user's message",
};
const IN_CHAT: Note = {
  code: "telegram_topic_left",
  reason: "the topic cannot be written to; sent to the chat it was in",
};

/**
 * Sends into the topic of a place. People still write in topics that bots cannot address. Examples are deleted topics,
 * old ones of busy forums, and at times all topics of a private chat. A reply to the user's message needs no topic
 * number. A private chat without its topics still belongs to the same person. In a group, no message goes to a place
 * that people outside the topic read.
 */
export async function sendInTopic<T>(
  place: TelegramPlace,
  { answers }: Pick<OutboundPart, "answers">,
  token: string,
  send: (where: Whereabouts) => Promise<T>,
): Promise<{ sent: T; note?: Note }> {
  const ways = waysTo(place, answers?.replyReference);
  for (const [index, { where, ...told }] of ways.entries()) {
    try {
      return { sent: await send(where), ...told };
    } catch (error) {
      const isLast = index === ways.length - 1;
      if (isLast || !isOutOfReach(readFault(error, token), where)) throw error;
    }
  }
  throw new Error("there is always one way to send");
}

function waysTo(place: TelegramPlace, replyReference: string | undefined): Way[] {
  const ways: Way[] = [{ where: topicOf(place) }];
  if (place.topic?.kind !== "thread") return ways;
  if (replyReference !== undefined && /^[1-9]\d{0,15}$/.test(replyReference))
    ways.push({ where: { reply_parameters: { message_id: Number(replyReference) } }, note: AS_REPLY });
  // People have positive ids, groups negative ones.
  if (place.chatId > 0) ways.push({ where: {}, note: IN_CHAT });
  return ways;
}

/** Recognised by its text, because Telegram gives nothing else that separates it from another bad request. */
function isOutOfReach(fault: TelegramFault, { reply_parameters: reply }: Whereabouts): boolean {
  if (fault.kind !== "refused" || fault.status !== 400) return false;
  if (/thread not found|TOPIC_DELETED/i.test(fault.description)) return true;
  return reply !== undefined && /replied not found|REPLY_MESSAGE_ID_INVALID/i.test(fault.description);
}
