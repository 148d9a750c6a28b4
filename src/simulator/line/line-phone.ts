import type { Connection, Impossible, SeenMessage } from "../connection.ts";
import type { World } from "../world.ts";
import { type Chat, type Line, newChat, numberOf, openChat, type StoredMessage } from "./line.ts";
import { seenChat } from "./seen.ts";

/** The parts of a phone that are the same for every business number. */
export function linePhone(
  world: World,
  line: Line,
  more: (message: StoredMessage) => Partial<SeenMessage>,
): Pick<
  Connection,
  "platform" | "name" | "look" | "chats" | "block" | "chatId" | "file" | "setWebhook" | "reset"
> {
  const see = (chat: Chat) => seenChat(line, chat, world.clock.now(), more);
  return {
    platform: line.platform,
    name: line.name,
    look: (name) => see(line.chats.get(numberOf(name)) ?? newChat(name)),
    chats: () => [...line.chats.values()].map(see),
    block(name, blocked) {
      openChat(line, name).isBlocked = blocked;
      world.changed();
    },
    chatId: numberOf,
    file: (id) => line.files.get(id) ?? null,
    setWebhook(url) {
      line.webhookUrl = url;
    },
    reset() {
      line.chats.clear();
      line.files.clear();
      world.changed();
    },
  };
}

/** The newest message with a button of this label, and the button. */
export function findChoice(chat: Chat, label: string) {
  const message = chat.messages.findLast(({ choices }) => choices.some(({ title }) => title === label));
  const choice = message?.choices.find(({ title }) => title === label);
  return message === undefined || choice === undefined ? null : { message, choice };
}

export const noButton = (label: string): Impossible => ({
  status: 404,
  code: "button_not_found",
  message: `No message in this chat has a button "${label}".`,
});
