import type { PlatformName, SaidFile, SharedThing } from "../connection.ts";
import { numberFor } from "../invented.ts";

/**
 * A choice below a message. It is a reply button, a row of a list, a template's quick reply, a button for a page, or a
 * button for a form.
 */
export interface Choice {
  id: string;
  title: string;
  kind: "button" | "list" | "page" | "flow";
}

/** `played`: the user has listened to a voice message. */
export type Receipt = "sent" | "delivered" | "read" | "played" | "failed";

/** The reason for a failed message, in the words of a provider. */
export interface Failure {
  code: number;
  title: string;
}

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
  /** The network that carries it. Absent: the platform has one only. */
  via?: "sms" | "rcs";
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
  platform: PlatformName;
  name: string;
  /** The business's number, digits only. */
  number: string;
  chats: Map<string, Chat>;
  files: Map<string, StoredFile>;
  lastId: number;
  /** The URL that gets messages; null: none. */
  webhookUrl: string | null;
}

const MOST_MESSAGES = 500;
const MOST_FILES = 50;

export function createLine(place: Pick<Line, "platform" | "name" | "number">, firstId: number): Line {
  return { ...place, chats: new Map(), files: new Map(), lastId: firstId * 1_000, webhookUrl: null };
}

/** A user's number: as written, or the same one for the same name. */
export function numberOf(chat: string): string {
  const digits = chat.replace(/^(whatsapp|sms|rcs):/, "").replace(/[\s()+.-]/g, "");
  return /^\d{5,15}$/.test(digits) ? digits : `49170${numberFor(chat, 1_000_000, 8_999_999)}`;
}

/** The chat with a user that nobody has used yet. */
export function newChat(name: string): Chat {
  const number = numberOf(name);
  const title = /\d{5}/.test(name) ? `+${number}` : name;
  return { number, title, messages: [], lastWroteAt: null, isBlocked: false, typingUntil: 0 };
}

/** The chat with a user, which begins to exist when somebody uses it. */
export function openChat(line: Line, name: string): Chat {
  const known = line.chats.get(numberOf(name));
  if (known) return known;
  const chat = newChat(name);
  line.chats.set(chat.number, chat);
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
