import type { Connection, Impossible, Said, SeenChat, SeenMessage } from "../connection.ts";
import type { World } from "../world.ts";
import { addFile, addMessage, type Bot, type Chat } from "./bot.ts";
import { chatIdOf, chatsFromStart, createChats, userOf } from "./chats.ts";
import { findEntities } from "./entities.ts";
import { chatObject, messageObject } from "./objects.ts";
import { emptyChat, seenChat, seenMessage } from "./seen.ts";
import type { createUpdates } from "./updates.ts";

export interface PhoneDeps {
  world: World;
  bot: Bot;
  updates: ReturnType<typeof createUpdates>;
  /** The URL of the simulated Bot API. */
  apiRoot(): string;
  /** Chats in which the bot may have something to say. Those of groups exist from the start. */
  rooms: readonly string[];
}

/** The users of a bot: what they say, press and see. */
export function createPhone({ world, bot, updates, apiRoot, rooms }: PhoneDeps): Connection {
  const { open, find, connect, tell } = createChats(world, bot, updates);
  const shown = (chat: Chat) => seenChat(bot, chat, world.clock.now());
  openGroups();

  function openGroups(): void {
    for (const room of chatsFromStart(rooms)) open(room);
  }

  function say(
    chatName: string,
    { text, thing, from, thread, replyTo, file }: Said,
  ): SeenMessage | Impossible {
    const chat = open(chatName);
    if (text.length > 4096) return TOO_LONG;
    const threadId = thread === null ? null : Number(thread);
    if (threadId !== null && !chat.topics.has(threadId))
      return { status: 404, code: "thread_not_found", message: `The chat has no topic ${thread}.` };
    const user = userOf(chat, from);
    // A user who writes to a bot unblocks it.
    if (chat.isBlocked) block(chatName, false);
    const stored = file === null ? null : { ...addFile(bot, file), kind: kindOf(file.contentType) };
    const message = addMessage(bot, chat, {
      from: user,
      date: world.clock.seconds(),
      text,
      entities: findEntities(text),
      keyboard: [],
      threadId,
      replyTo: replyTo === null ? null : Number(replyTo),
      file: stored,
      thing,
    });
    tell("message", chat, message);
    world.changed();
    return seenMessage(bot, chat, message);
  }

  function edit(chatName: string, words: string, text: string): SeenMessage | Impossible {
    const chat = open(chatName);
    const message = chat.messages.findLast(({ from, text: said }) => !from.is_bot && said === words);
    if (message === undefined)
      return {
        status: 404,
        code: "message_not_found",
        message: `No user wrote "${words}" in this chat.`,
      };
    if (text.length > 4096) return TOO_LONG;
    Object.assign(message, { text, entities: findEntities(text), isEdited: true });
    tell("edited_message", chat, message);
    world.changed();
    return seenMessage(bot, chat, message);
  }

  function react(
    chatName: string,
    { words, emoji, from }: { words: string; emoji: string; from: string | null },
  ): SeenMessage | Impossible {
    const chat = open(chatName);
    if (chat.business !== null) return REACTION_NOT_TOLD;
    const message = chat.messages.findLast(({ id, text }) => String(id) === words || text === words);
    if (message === undefined)
      return { status: 404, code: "message_not_found", message: `Nobody wrote "${words}" in this chat.` };
    const listOf = (each = "") => (each === "" ? [] : [{ type: "emoji", emoji: each }]);
    const change = { old_reaction: listOf(message.reaction), new_reaction: listOf(emoji) };
    if (emoji === "") delete message.reaction;
    else message.reaction = emoji;
    const where = { chat: chatObject(chat), message_id: message.id, user: userOf(chat, from) };
    updates.push("message_reaction", { ...where, date: world.clock.seconds(), ...change }, chat);
    world.changed();
    return seenMessage(bot, chat, message);
  }

  function press(chatName: string, label: string, from: string | null): SeenMessage | Impossible {
    const chat = open(chatName);
    const message = chat.messages.findLast(({ keyboard }) =>
      keyboard.flat().some(({ text }) => text === label),
    );
    const button = message?.keyboard.flat().find(({ text }) => text === label);
    if (message === undefined || button === undefined)
      return {
        status: 404,
        code: "button_not_found",
        message: `No message in this chat has a button "${label}".`,
      };
    if (button.callback_data !== undefined) {
      const id = String(4_000_000_000 + bot.lastUpdateId);
      bot.queries.add(id);
      const chat_instance = String(chat.id);
      const query = { id, from: userOf(chat, from), chat_instance, data: button.callback_data };
      updates.push("callback_query", { ...query, message: messageObject(chat, message) }, chat);
    }
    world.changed();
    return seenMessage(bot, chat, message);
  }

  function block(chatName: string, isBlocked: boolean): void {
    const chat = open(chatName);
    if (chat.isBlocked === isBlocked) return;
    chat.isBlocked = isBlocked;
    world.changed();
    // A person who blocks a business account blocks no bot.
    if (chat.business !== null) return;
    const [now, before] = isBlocked ? ["kicked", "member"] : ["member", "kicked"];
    const member = (status: string | undefined) => ({
      user: bot.me,
      status,
      ...(status === "kicked" && { until_date: 0 }),
    });
    const change = { chat: chatObject(chat), from: userOf(chat, null), date: world.clock.seconds() };
    updates.push(
      "my_chat_member",
      { ...change, old_chat_member: member(before), new_chat_member: member(now) },
      chat,
    );
  }

  function look(chatName: string): SeenChat {
    const chat = find(chatName);
    return chat === undefined ? emptyChat(chatIdOf(chatName)) : shown(chat);
  }

  return {
    platform: "telegram",
    name: bot.name,
    say,
    press,
    edit,
    react,
    look,
    block,
    connectBusiness: (account, { connected, canReply }) =>
      void connect(account, { isConnected: connected, canReply }),
    chats: () => [bot, ...bot.businesses.values()].flatMap(({ chats }) => [...chats.values()]).map(shown),
    chatId: chatIdOf,
    file: (id) => bot.files.get(id) ?? null,
    reset() {
      bot.chats.clear();
      bot.businesses.clear();
      bot.pending = [];
      bot.queries.clear();
      openGroups();
      world.changed();
    },
    settings: () => ({
      TELEGRAM_API_ROOT: apiRoot(),
      TELEGRAM_BOT_TOKEN: bot.token,
      TELEGRAM_WEBHOOK_SECRET: bot.secretToken,
    }),
  };
}

const TOO_LONG: Impossible = {
  status: 422,
  code: "text_too_long",
  message: "Telegram's apps cut a text after 4096 characters.",
};

const REACTION_NOT_TOLD: Impossible = {
  status: 409,
  code: "not_told",
  message: "Telegram tells no bot of reactions in the chats of business accounts.",
};

function kindOf(contentType: string): string {
  if (contentType === "audio/ogg" || contentType.startsWith("audio/ogg;")) return "voice";
  const [kind] = contentType.split("/", 1);
  if (contentType === "image/gif") return "animation";
  return kind === "image" ? "photo" : kind === "audio" || kind === "video" ? kind : "document";
}
