import { stylesOf } from "../as-markdown.ts";
import { fileUrl, type SeenChat, type SeenMessage, thingInWords } from "../connection.ts";
import type { Bot, Chat, StoredMessage } from "./bot.ts";
import { blocksAsMarkdown } from "./rich-styles.ts";
import { entitiesAsMarkdown } from "./styles.ts";

/** A chat in which nobody has written yet. */
export function emptyChat(id: string): SeenChat {
  const kind = id.startsWith("-") ? "group" : "private";
  return { id, title: id, kind, messages: [], blocked: false, typing: null, draft: null };
}

/** A chat as its users see it. */
export function seenChat(bot: Bot, chat: Chat, now: number): SeenChat {
  const owner = chat.business?.owner;
  return {
    id: owner === undefined ? String(chat.id) : `${chat.id}@${owner.id}`,
    title: owner === undefined ? chat.title : `${chat.title} @ ${owner.first_name}`,
    ...(owner === undefined ? {} : { owner: { id: String(owner.id), name: owner.first_name } }),
    kind: chat.id > 0 ? "private" : "group",
    messages: chat.messages.map((message) => seenMessage(bot, chat, message)),
    blocked: chat.isBlocked,
    typing: chat.typingUntil > now ? "typing…" : null,
    draft: chat.draft,
  };
}

/** A message as the users of its chat see it. */
export function seenMessage(bot: Bot, chat: Chat, message: StoredMessage): SeenMessage {
  const { id, from, text, thing, reaction, keyboard, file, date, threadId, replyTo, isEdited } = message;
  const labels = keyboard.flat().map((button) => button.text);
  return {
    id: String(id),
    from: from.is_bot ? "bot" : "user",
    text: thing === undefined ? text : thingInWords(thing),
    ...(thing === undefined ? stylesOf(text, asMarkdown(message)) : {}),
    ...(reaction === undefined ? {} : { reaction }),
    ...(labels.length === 0 ? {} : { buttons: labels }),
    ...(isEdited ? { edited: true } : {}),
    ...((chat.id < 0 || chat.business !== null) && !from.is_bot ? { name: from.first_name } : {}),
    ...(threadId === null ? {} : { thread: String(threadId) }),
    ...(replyTo === null ? {} : { reply_to: String(replyTo) }),
    ...(file === null
      ? {}
      : {
          file: {
            name: file.name,
            content_type: file.contentType,
            url: fileUrl("telegram", bot.name, file.fileId),
          },
        }),
    at: new Date(date * 1000).toISOString(),
  };
}

/** A rich message without blocks was written as Markdown, or as HTML of which only the words are kept. */
function asMarkdown({ text, entities, rich }: StoredMessage): string {
  if (rich === undefined) return entitiesAsMarkdown(text, entities);
  return rich.blocks === null ? text : blocksAsMarkdown(rich.blocks);
}
