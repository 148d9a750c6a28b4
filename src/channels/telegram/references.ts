import type { InboundAttachment, MessageReference } from "../../core/message/inbound-message.ts";
import { messageIdAt, type TelegramPlace } from "./address.ts";
import { writtenOf } from "./addressing.ts";
import { attachmentsOf } from "./attachments.ts";
import type { TelegramContent, TelegramMessage } from "./message.ts";
import { nameOf, originName, writerOf } from "./people.ts";
import { readable } from "./readable.ts";

/** The messages that a message refers to: the one it answers, and the one it forwards. */
export function referencesOf(
  message: TelegramMessage,
  place: TelegramPlace,
  words: string,
  ourIds: readonly number[],
): MessageReference[] {
  const { reply_to_story: story, forward_origin: origin } = message;
  const references: MessageReference[] = [];
  const answered = answeredBy(message, place, ourIds);
  if (answered !== null) references.push(answered);
  if (story) references.push({ kind: "reply", ...named(nameOf(story.chat)), text: "[story]" });
  if (origin) references.push({ kind: "forward", ...named(originName(origin)), ...spoken(words) });
  return references;
}

/** The files of an answered message that the bot has not seen. In a group that message was not addressed to it. */
export function unseenFiles(message: TelegramMessage, ourIds: readonly number[]): InboundAttachment[] {
  const { chat, replied, external, media_group_id: album, caption } = message;
  // Each picture of an album answers the same message.
  if (album !== undefined && caption === undefined) return [];
  if (external) return attachmentsOf(external);
  if (!replied || chat.type === "private" || ourIds.includes(replied.from?.id ?? 0)) return [];
  return attachmentsOf(replied);
}

function answeredBy(
  { quote, replied, external, ...message }: TelegramMessage,
  place: TelegramPlace,
  ourIds: readonly number[],
): MessageReference | null {
  // In a topic, every message "replies" to the message that opened it.
  const opensTopic =
    replied?.forum_topic_created !== undefined || replied?.message_id === message.message_thread_id;
  const reply = replied && !(message.is_topic_message && opensTopic) ? replied : null;
  if (!reply && !external && !quote) return null;
  // The bot must learn that the message is its own, not our account's name. The stored message tells that.
  const isOurs = reply?.from !== undefined && ourIds.includes(reply.from.id);
  const writer = reply && !isOurs ? writerOf(reply) : null;
  const author = external ? originName(external.origin) : (writer?.name ?? "");
  const content = external ?? reply;
  const words = quote
    ? readable({ text: quote.text, entities: quote.entities ?? [] })
    : content && wordsOf(content);
  return {
    kind: quote ? "quote" : "reply",
    ...named(author),
    ...spoken(words ?? ""),
    ...(reply?.message_id ? { externalId: messageIdAt(place, reply.message_id) } : {}),
  };
}

/** The text of a message, or a description if it has none. */
function wordsOf(content: TelegramContent): string {
  const written = readable(writtenOf(content));
  const said = [written, content.special ?? ""].filter((words) => words.trim() !== "").join("\n");
  return said === "" ? attachmentsOf(content).map(fileWords).join(" ") : said;
}

const KINDS = { image: "picture", audio: "audio", video: "video", file: "file" } as const;

function fileWords({ kind, name }: InboundAttachment): string {
  return name === undefined ? `[${KINDS[kind]}]` : `[${KINDS[kind]}: ${name}]`;
}

const named = (author: string) => (author === "" ? {} : { author });
const spoken = (text: string) => (text.trim() === "" ? {} : { text });
