import { chatMarksAsMarkdown, stylesOf } from "../as-markdown.ts";
import type { Connection, Impossible, Said, SeenMessage } from "../connection.ts";
import { addFile, addMessage, type Chat, type Line, openChat, type StoredMessage } from "../line/line.ts";
import { findChoice, linePhone, noButton } from "../line/line-phone.ts";
import { seenMessage } from "../line/seen.ts";
import type { World } from "../world.ts";
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
  const see = (message: StoredMessage) => ({ ...seenMessage(line, message), ...onWhatsapp(message) });

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
    return see(write(openChat(line, name), { text, thing, replyTo, file: stored }, null));
  }

  function press(
    name: string,
    label: string,
    _from: string | null,
    form: object | null = null,
  ): SeenMessage | Impossible {
    const chat = openChat(line, name);
    const found = findChoice(chat, label);
    if (found === null) return noButton(label);
    const { message, choice } = found;
    // A page opens in the user's browser, and the bot hears nothing of it.
    if (choice.kind === "page") return see(message);
    const { id, title, kind } = choice;
    if (kind !== "flow")
      return see(write(chat, { text: label, replyTo: message.id }, { id, title, kind, of: message.id }));
    const filled = { ...form, flow_token: id };
    return see(
      write(chat, { text: "Sent", replyTo: message.id }, { id, title, kind, of: message.id, filled }),
    );
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
    return see(message);
  }

  return { ...linePhone(world, line, onWhatsapp), say, press, react, settings: deps.settings };
}

/** The fields of a message that WhatsApp shows, and other lines do not. */
function onWhatsapp({ text, thing, choices }: StoredMessage): Partial<SeenMessage> {
  const form = choices.find(({ kind }) => kind === "flow")?.title;
  return {
    ...(thing === undefined ? stylesOf(text, chatMarksAsMarkdown(text)) : {}),
    ...(form === undefined ? {} : { form }),
  };
}
