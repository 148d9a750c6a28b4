import type { SharedThing } from "../connection.ts";
import type { Chat, StoredMessage } from "./bot.ts";

/** A chat as the Bot API describes it. */
export function chatObject(chat: Chat): Record<string, unknown> {
  if (chat.id > 0) return { id: chat.id, type: "private", first_name: chat.title };
  const forum = chat.topics.size > 0 ? { is_forum: true } : {};
  return { id: chat.id, type: "supergroup", title: chat.title, ...forum };
}

/** A message as the Bot API describes it. */
export function messageObject(chat: Chat, message: StoredMessage, depth = 0): Record<string, unknown> {
  const { id, from, date, text, entities, keyboard, file, threadId, replyTo, thing, rich } = message;
  const answered = depth === 0 ? chat.messages.find((each) => each.id === replyTo) : undefined;
  const words = file === null ? ["text", "entities"] : ["caption", "caption_entities"];
  const { business } = chat;
  const isForOwner = business !== null && from.is_bot;
  return {
    message_id: id,
    from: isForOwner ? business.owner : from,
    ...(business === null ? {} : { business_connection_id: business.id }),
    ...(isForOwner ? { sender_business_bot: from } : {}),
    chat: chatObject(chat),
    date,
    ...(message.isEdited ? { edit_date: date } : {}),
    ...(threadId === null ? {} : { message_thread_id: threadId, is_topic_message: true }),
    ...(answered === undefined ? {} : { reply_to_message: messageObject(chat, answered, 1) }),
    ...(rich === undefined ? {} : { rich_message: { blocks: rich.blocks ?? [{ type: "paragraph", text }] } }),
    ...(text === "" || rich !== undefined ? {} : { [words[0] ?? ""]: text }),
    ...(entities.length === 0 ? {} : { [words[1] ?? ""]: entities }),
    ...(file === null ? {} : { [file.kind]: fileObject(file) }),
    ...(thing === undefined ? {} : thingObject(thing)),
    ...(keyboard.length === 0 ? {} : { reply_markup: { inline_keyboard: keyboard } }),
  };
}

function thingObject(thing: SharedThing): Record<string, unknown> {
  if (thing.kind === "contact")
    return { contact: { phone_number: thing.phone.replace("+", ""), first_name: thing.name } };
  const { latitude, longitude, name } = thing;
  const location = { latitude, longitude };
  return name === undefined ? { location } : { location, venue: { location, title: name, address: "" } };
}

function fileObject({ fileId, kind, name, contentType, bytes }: NonNullable<StoredMessage["file"]>): unknown {
  const common = { file_id: fileId, file_unique_id: `U${fileId.slice(-9)}`, file_size: bytes.length };
  if (kind === "photo") return [{ ...common, width: 800, height: 600 }];
  const isSound = kind === "voice" || kind === "audio";
  return {
    ...common,
    mime_type: contentType,
    ...(kind === "voice" ? {} : { file_name: name }),
    ...(isSound || kind === "video" || kind === "animation" ? { duration: 1 } : {}),
    ...(kind === "video" || kind === "animation" ? { width: 800, height: 600 } : {}),
  };
}
