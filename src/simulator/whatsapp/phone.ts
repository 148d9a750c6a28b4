import type { Connection, Impossible, Said, SeenMessage } from "../connection.ts";
import type { World } from "../world.ts";
import {
  addFile,
  addMessage,
  type Chat,
  type Line,
  numberOf,
  openChat,
  type StoredMessage,
  seenChat,
  seenMessage,
} from "./line.ts";
import type { PressedChoice, ProviderEvents } from "./provider.ts";

export interface PhoneDeps {
  world: World;
  line: Line;
  events: ProviderEvents;
  /** A new id in the provider's form. */
  nextId(hasFile: boolean): string;
  nextFileId(): string;
  settings(): Record<string, string>;
}

/** The users of a business number: what they say, press and see. */
export function createPhone(deps: PhoneDeps): Connection {
  const { world, line, events, nextId } = deps;

  function write(chat: Chat, message: Partial<StoredMessage>, pressed: PressedChoice | null): StoredMessage {
    chat.lastWroteAt = world.clock.now();
    // A user who writes to a business unblocks it.
    chat.isBlocked = false;
    const stored = addMessage(chat, {
      id: nextId(message.file != null),
      from: "user",
      text: "",
      choices: [],
      file: null,
      replyTo: null,
      at: chat.lastWroteAt,
      receipt: null,
      isTemplate: false,
      ...message,
    });
    events.message(chat, stored, pressed);
    world.changed();
    return stored;
  }

  function say(name: string, { text, thing, replyTo, file }: Said): SeenMessage | Impossible {
    if (text.length > 4096)
      return { status: 422, code: "text_too_long", message: "WhatsApp takes at most 4096 characters." };
    const stored = file === null ? null : addFile(line, deps.nextFileId(), file);
    return seenMessage(line, write(openChat(line, name), { text, thing, replyTo, file: stored }, null));
  }

  function press(name: string, label: string): SeenMessage | Impossible {
    const chat = openChat(line, name);
    const message = chat.messages.findLast(({ choices }) => choices.some(({ title }) => title === label));
    const choice = message?.choices.find(({ title }) => title === label);
    if (message === undefined || choice === undefined)
      return {
        status: 404,
        code: "button_not_found",
        message: `No message in this chat has a button "${label}".`,
      };
    // A page opens in the user's browser, and the bot hears nothing of it.
    if (choice.kind === "page") return seenMessage(line, message);
    const pressed = { id: choice.id, title: choice.title, kind: choice.kind, of: message.id };
    return seenMessage(line, write(chat, { text: label, replyTo: message.id }, pressed));
  }

  function react(name: string, { words, emoji }: { words: string; emoji: string }): SeenMessage | Impossible {
    const chat = openChat(line, name);
    const message = chat.messages.findLast(({ id, text }) => id === words || text === words);
    if (message === undefined)
      return { status: 404, code: "message_not_found", message: `Nobody wrote "${words}" in this chat.` };
    if (emoji === "") delete message.reaction;
    else message.reaction = emoji;
    events.reaction(chat, message, { id: nextId(false), emoji });
    world.changed();
    return seenMessage(line, message);
  }

  return {
    platform: "whatsapp",
    name: line.name,
    say,
    press,
    react,
    look(name) {
      const known = line.chats.get(numberOf(name));
      const empty = { number: numberOf(name), title: name, messages: [], lastWroteAt: null };
      return seenChat(line, known ?? { ...empty, isBlocked: false, typingUntil: 0 }, world.clock.now());
    },
    chats: () => [...line.chats.values()].map((chat) => seenChat(line, chat, world.clock.now())),
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
    settings: deps.settings,
  };
}
