import { readDeskReference } from "../../core/message/desk-act.ts";
import type { DeskMember, DeskMessage, DeskPress } from "../../core/message/desk-event.ts";
import { toAddress } from "./address.ts";
import { writtenOf } from "./addressing.ts";
import { attachmentsOf } from "./attachments.ts";
import type { TelegramMessage } from "./message.ts";
import { nameOf, withoutEmpty, writerOf } from "./people.ts";
import { readable } from "./readable.ts";
import type { TelegramPress } from "./update.ts";

/** A member's message in a topic of a desk's group. Null: it is not in a topic, or its writer is unknown. */
export function deskMessageOf(message: TelegramMessage, eventKey: string): DeskMessage | null {
  const { chat, is_topic_message: isInTopic, message_thread_id: id, special } = message;
  const writer = writerOf(message);
  // Telegram also tells of topics that are created or closed, and of members who join.
  if (!isInTopic || id === undefined || writer === null || isService(message)) return null;
  const text = [readable(writtenOf(message)), special ?? ""].filter((words) => words !== "").join("\n");
  const attachments = attachmentsOf(message);
  return {
    type: "desk_message",
    eventKeys: [eventKey],
    thread: toAddress({ chatId: chat.id, topic: { kind: "thread", id } }),
    member: withoutEmpty(writer),
    text: text.trim(),
    ...(attachments.length === 0 ? {} : { attachments }),
  };
}

/** Null: the button is no card's. */
export function deskPressOf(press: TelegramPress, eventKey: string): DeskPress | null {
  const act = readDeskReference(press.data);
  if (act === null) return null;
  const { chat, threadId, messageId, from } = press;
  const topic = threadId === null ? null : ({ kind: "thread", id: threadId } as const);
  const member: DeskMember = withoutEmpty({ identifier: String(from.id), name: nameOf(from) });
  return {
    type: "desk_press",
    eventKeys: [eventKey],
    thread: toAddress({ chatId: chat.id, topic }),
    card: `${chat.id}:${messageId}`,
    member,
    act,
  };
}

/** Fields of messages in which nobody says anything (Bot API, Message). */
const SERVICE =
  /^(forum_topic_|general_forum_topic_|new_chat_|left_chat_|pinned_message|message_auto_delete|video_chat_|boost_added|chat_background)/;

function isService({ unread, special }: TelegramMessage): boolean {
  return special === null && unread.some((field) => SERVICE.test(field));
}
