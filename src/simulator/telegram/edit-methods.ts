import { badRequest, isRefusal, type Outcome, ok } from "./answers.ts";
import type { StoredMessage } from "./bot.ts";
import { captionText, messageText, type Parameters, readKeyboard } from "./content.ts";
import { messageObject } from "./objects.ts";
import { findChat, findOwn } from "./places.ts";
import { readRich } from "./rich.ts";
import type { MethodContext } from "./send-methods.ts";

const NOT_MODIFIED =
  "message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message";

/** `editMessageText` and `editMessageCaption`. An edit without a keyboard removes it. */
export function editText(
  { world, bot }: MethodContext,
  payload: Parameters,
  part: "text" | "caption",
): Outcome {
  const found = findOwn(bot, payload, "edit");
  if (isRefusal(found)) return found;
  const { chat, message } = found;
  if ((message.file !== null) !== (part === "caption"))
    return badRequest(
      part === "text"
        ? "there is no text in the message to edit"
        : "there is no caption in the message to edit",
    );
  const content = contentOf(payload, part);
  if (typeof content === "string") return badRequest(content);
  const keyboard = readKeyboard(payload.reply_markup);
  if (typeof keyboard === "string") return badRequest(keyboard);
  const next = { ...content, keyboard: keyboard ?? [] };
  if (shown(message) === shown(next)) return badRequest(NOT_MODIFIED);
  Object.assign(message, next, { isEdited: true });
  world.changed();
  return ok(messageObject(chat, message));
}

/** A text may become a rich message, and a rich message a text. A string is Telegram's refusal. */
function contentOf(
  payload: Parameters,
  part: "text" | "caption",
): Pick<StoredMessage, "text" | "entities" | "rich"> | string {
  if (part === "caption") return captionText(payload);
  if (payload.rich_message === undefined) {
    const plain = messageText(payload);
    return typeof plain === "string" ? plain : { ...plain, rich: undefined };
  }
  const content = readRich(payload);
  if (typeof content === "string") return content;
  const { text, blocks } = content;
  return { text, entities: [], rich: { blocks } };
}

export function editReplyMarkup({ world, bot }: MethodContext, payload: Parameters): Outcome {
  const found = findOwn(bot, payload, "edit");
  if (isRefusal(found)) return found;
  const { chat, message } = found;
  const keyboard = readKeyboard(payload.reply_markup);
  if (typeof keyboard === "string") return badRequest(keyboard);
  if (JSON.stringify(message.keyboard) === JSON.stringify(keyboard ?? [])) return badRequest(NOT_MODIFIED);
  message.keyboard = keyboard ?? [];
  world.changed();
  return ok(messageObject(chat, message));
}

export function deleteMessage({ world, bot }: MethodContext, payload: Parameters): Outcome {
  const found = findOwn(bot, payload, "delete");
  if (isRefusal(found)) return found;
  found.chat.messages = found.chat.messages.filter((each) => each !== found.message);
  world.changed();
  return ok(true);
}

/** Each query can be answered once. */
export function answerCallbackQuery({ bot }: MethodContext, { callback_query_id }: Parameters): Outcome {
  return bot.queries.delete(String(callback_query_id))
    ? ok(true)
    : badRequest("query is too old and response timeout expired or query ID is invalid");
}

/** Topics exist in groups. Creating the first one makes the group a forum. */
export function createForumTopic({ world, bot }: MethodContext, payload: Parameters): Outcome {
  const chat = findChat(bot, payload);
  if (chat === null) return badRequest("chat not found");
  if (chat.id > 0) return badRequest("the chat is not a forum");
  const name = typeof payload.name === "string" ? payload.name.trim() : "";
  if (name === "" || name.length > 128) return badRequest("TOPIC_TITLE_EMPTY");
  const threadId = ++bot.lastMessageId;
  chat.topics.set(threadId, { name, isClosed: false });
  world.changed();
  return ok({ message_thread_id: threadId, name, icon_color: 7322096 });
}

export function changeForumTopic(
  { world, bot }: MethodContext,
  payload: Parameters,
  change: { isClosed?: boolean; isDeleted?: boolean },
): Outcome {
  const chat = findChat(bot, payload);
  if (chat === null) return badRequest("chat not found");
  const topic = chat.topics.get(Number(payload.message_thread_id));
  if (topic === undefined) return badRequest("TOPIC_ID_INVALID");
  if (change.isDeleted) chat.topics.delete(Number(payload.message_thread_id));
  else if (change.isClosed !== undefined) {
    if (topic.isClosed === change.isClosed) return badRequest("TOPIC_NOT_MODIFIED");
    topic.isClosed = change.isClosed;
  } else if (typeof payload.name === "string") topic.name = payload.name;
  world.changed();
  return ok(true);
}

const shown = ({
  text,
  entities,
  keyboard,
  rich,
}: Pick<StoredMessage, "text" | "entities" | "keyboard" | "rich">) =>
  JSON.stringify([text, entities, keyboard, rich]);
