import { chatMarksAsMarkdown, stylesOf } from "../as-markdown.ts";
import {
  fileUrl,
  type SaidFile,
  type SeenChat,
  type SeenMessage,
  type SharedThing,
  thingInWords,
} from "../connection.ts";
import { numberFor } from "../invented.ts";
import type { World } from "../world.ts";

/**
 * A choice below a message. It is a reply button, a row of a list, a template's quick reply, or a button for a page.
 */
export interface Choice {
  id: string;
  title: string;
  kind: "button" | "list" | "page";
}

/** `played`: the user has listened to a voice message. */
export type Receipt = "sent" | "delivered" | "read" | "played" | "failed";

export interface StoredFile extends SaidFile {
  id: string;
}

export interface StoredMessage {
  id: string;
  from: "user" | "bot";
  text: string;
  choices: Choice[];
  file: StoredFile | null;
  replyTo: string | null;
  /** By the platform's clock, milliseconds. */
  at: number;
  receipt: Receipt | null;
  isTemplate: boolean;
  /** A shared place or contact. Absent for most. */
  thing?: SharedThing | undefined;
  /** The emoji with which the user reacted. */
  reaction?: string;
}

/** A chat between a user and the business. */
export interface Chat {
  /** The user's number, digits only. */
  number: string;
  title: string;
  messages: StoredMessage[];
  /** The user's newest message by the platform's clock, milliseconds; null: none yet. */
  lastWroteAt: number | null;
  isBlocked: boolean;
  typingUntil: number;
}

/** A business number, whatever provider connects it. */
export interface Line {
  name: string;
  /** The business's number, digits only. */
  number: string;
  chats: Map<string, Chat>;
  files: Map<string, StoredFile>;
  lastId: number;
  /** The URL that gets messages; null: none. */
  webhookUrl: string | null;
}

const WINDOW_MS = 24 * 60 * 60_000;
const MOST_MESSAGES = 500;
const MOST_FILES = 50;

export function createLine(name: string, number: string, firstId: number): Line {
  return { name, number, chats: new Map(), files: new Map(), lastId: firstId * 1_000, webhookUrl: null };
}

/** A user's number: as written, or the same one for the same name. */
export function numberOf(chat: string): string {
  const digits = chat.replace(/^whatsapp:/, "").replace(/[\s()+.-]/g, "");
  return /^\d{5,15}$/.test(digits) ? digits : `49170${numberFor(chat, 1_000_000, 8_999_999)}`;
}

/** The chat with a user, which begins to exist when somebody uses it. */
export function openChat(line: Line, name: string): Chat {
  const number = numberOf(name);
  const known = line.chats.get(number);
  if (known) return known;
  const isNumber = /\d{5}/.test(name);
  const title = isNumber ? `+${number}` : name;
  const chat = { number, title, messages: [], lastWroteAt: null, isBlocked: false, typingUntil: 0 };
  line.chats.set(number, chat);
  return chat;
}

export function addMessage(chat: Chat, message: StoredMessage): StoredMessage {
  chat.messages = [...chat.messages, message].slice(-MOST_MESSAGES);
  return message;
}

export function addFile(line: Line, id: string, file: SaidFile): StoredFile {
  const stored = { ...file, id };
  line.files.set(id, stored);
  const oldest = line.files.size > MOST_FILES ? line.files.keys().next().value : undefined;
  if (oldest !== undefined) line.files.delete(oldest);
  return stored;
}

/** True within 24 hours of the user's newest message. */
function isOpen({ lastWroteAt }: Chat, now: number): boolean {
  return lastWroteAt !== null && now - lastWroteAt < WINDOW_MS;
}

/** The reason why a message is not delivered; null: it is. */
export function obstacle(
  world: World,
  chat: Chat,
  { isTemplate }: Pick<StoredMessage, "isTemplate">,
): "unreachable" | "window" | null {
  if (chat.isBlocked || world.faults.blocks("whatsapp", chat.number)) return "unreachable";
  return isTemplate || isOpen(chat, world.clock.now()) ? null : "window";
}

export function seenChat(line: Line, chat: Chat, now: number): SeenChat {
  return {
    id: chat.number,
    title: chat.title,
    kind: "private",
    // The user's phone does not have a message that was not delivered.
    messages: chat.messages
      .filter(({ receipt }) => receipt !== "failed")
      .map((message) => seenMessage(line, message)),
    blocked: chat.isBlocked,
    typing: chat.typingUntil > now ? "typing…" : null,
    draft: null,
  };
}

export function seenMessage(line: Line, message: StoredMessage): SeenMessage {
  const { id, from, text, thing, reaction, choices, file, replyTo, at, receipt } = message;
  return {
    id,
    from,
    text: thing === undefined ? text : thingInWords(thing),
    ...(thing === undefined ? stylesOf(text, chatMarksAsMarkdown(text)) : {}),
    ...(reaction === undefined ? {} : { reaction }),
    ...(choices.length === 0 ? {} : { buttons: choices.map(({ title }) => title) }),
    ...(replyTo === null ? {} : { reply_to: replyTo }),
    ...(file === null
      ? {}
      : {
          file: {
            name: file.name,
            content_type: file.contentType,
            url: fileUrl("whatsapp", line.name, file.id),
          },
        }),
    ...(receipt === null ? {} : { receipt }),
    at: new Date(at).toISOString(),
  };
}
