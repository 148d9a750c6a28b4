import type { World } from "../world.ts";
import { badRequest, isRefusal, type Refusal, refuse } from "./answers.ts";
import type { Bot, Chat, StoredMessage } from "./bot.ts";
import { accountOf, mayWrite } from "./business.ts";
import type { Parameters } from "./content.ts";

/** The place of a send within a chat. */
export interface Place {
  chat: Chat;
  threadId: number | null;
  replyTo: number | null;
}

/** Finds the chat and the topic of a call, or refuses as Telegram does. */
export function readPlace(world: World, bot: Bot, payload: Parameters): Place | Refusal {
  const account = accountOf(bot, payload);
  if (account !== null && isRefusal(account)) return account;
  const chat = findChat(account ?? bot, payload);
  if (chat === null) return badRequest(payload.chat_id === undefined ? "chat_id is empty" : "chat not found");
  if (!mayWrite(world, chat)) return badRequest("BUSINESS_PEER_INVALID");
  if (chat.isBlocked || world.faults.blocks("telegram", String(chat.id))) return blocked(chat);
  const threadId = payload.message_thread_id === undefined ? null : Number(payload.message_thread_id);
  // Number 1 is the general topic of every forum.
  const topic = threadId === null || threadId === 1 ? null : chat.topics.get(threadId);
  if (topic === undefined) return badRequest("message thread not found");
  if (topic?.isClosed === true) return badRequest("TOPIC_CLOSED");
  const reply = payload.reply_parameters as
    | { message_id?: unknown; allow_sending_without_reply?: unknown }
    | undefined;
  const replyTo = reply?.message_id ?? payload.reply_to_message_id;
  if (replyTo === undefined) return { chat, threadId, replyTo: null };
  const isThere = chat.messages.some(({ id }) => id === Number(replyTo));
  if (isThere) return { chat, threadId, replyTo: Number(replyTo) };
  return reply?.allow_sending_without_reply === true
    ? { chat, threadId, replyTo: null }
    : badRequest("message to be replied not found");
}

/** A chat that somebody has opened. Bots cannot begin one. */
export function findChat({ chats }: Pick<Bot, "chats">, { chat_id }: Parameters): Chat | null {
  return chats.get(Number(chat_id)) ?? null;
}

/** A message of the bot that a call wants to change, or the refusal. */
export function findOwn(
  bot: Bot,
  payload: Parameters,
  purpose: "edit" | "delete",
): { chat: Chat; message: StoredMessage } | Refusal {
  // Only edits take the parameter for business accounts.
  const account = purpose === "edit" ? accountOf(bot, payload) : null;
  if (account !== null && isRefusal(account)) return account;
  const chat = findChat(account ?? bot, payload);
  if (chat === null) return badRequest("chat not found");
  if (chat.isBlocked && purpose === "edit") return blocked(chat);
  const message = chat.messages.find(({ id }) => id === Number(payload.message_id));
  if (message === undefined) return badRequest(`message to ${purpose} not found`);
  if (purpose === "edit" && message.from.id !== bot.me.id) return badRequest("message can't be edited");
  return { chat, message };
}

function blocked(chat: Chat): Refusal {
  return refuse(
    403,
    chat.id > 0
      ? "Forbidden: bot was blocked by the user"
      : "Forbidden: bot was kicked from the supergroup chat",
  );
}
