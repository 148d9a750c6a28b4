import type { SharedThing } from "../connection.ts";
import type { InlineButton } from "./content.ts";
import type { Entity } from "./entities.ts";

export interface TelegramUser {
  id: number;
  is_bot: boolean;
  first_name: string;
  username?: string;
  language_code?: string;
}

export interface StoredFile {
  fileId: string;
  path: string;
  name: string;
  contentType: string;
  bytes: Buffer;
}

/** A message of a chat, with the data that both sides see. */
export interface StoredMessage {
  id: number;
  from: TelegramUser;
  date: number;
  text: string;
  entities: Entity[];
  keyboard: InlineButton[][];
  isEdited: boolean;
  threadId: number | null;
  replyTo: number | null;
  file: (StoredFile & { kind: string }) | null;
  /** A shared place or contact. Absent for most. */
  thing?: SharedThing | undefined;
  /** The emoji with which a user reacted. */
  reaction?: string;
  /** The blocks of a rich message; null if it was written as HTML or Markdown. Absent for a plain message. */
  rich?: { blocks: unknown[] | null } | undefined;
}

export interface Chat {
  id: number;
  title: string;
  /** The business account with which the person chats; null: the chat is with the bot itself. */
  business: BusinessAccount | null;
  /** Members who have written, by id. */
  users: Map<number, TelegramUser>;
  messages: StoredMessage[];
  /** Topics of a forum by thread id. */
  topics: Map<number, { name: string; isClosed: boolean }>;
  isBlocked: boolean;
  draft: string | null;
  /** The end of the typing indicator by the platform's clock, milliseconds. */
  typingUntil: number;
}

/** An account whose owner has connected the bot, which answers in the owner's name. */
export interface BusinessAccount {
  /** Id of the connection. */
  id: string;
  owner: TelegramUser;
  isConnected: boolean;
  canReply: boolean;
  /** The account's chats by the ids of the persons. */
  chats: Map<number, Chat>;
}

export interface Update {
  update_id: number;
  [kind: string]: unknown;
}

/** A bot account, its chats and its updates. */
export interface Bot {
  name: string;
  token: string;
  me: TelegramUser;
  /** The webhook secret to configure in the bot. */
  secretToken: string;
  webhook: { url: string; secretToken: string; allowedUpdates: string[] | null } | null;
  lastError: { date: number; message: string } | null;
  /** Updates that the bot has not confirmed, oldest first. */
  pending: { update: Update; chat: string }[];
  lastUpdateId: number;
  lastMessageId: number;
  lastFileId: number;
  chats: Map<number, Chat>;
  /** Business accounts by the ids of their owners. */
  businesses: Map<number, BusinessAccount>;
  files: Map<string, StoredFile>;
  commands: { command: string; description: string }[];
  /** Callback queries that are not answered, by id. */
  queries: Set<string>;
}

const MOST_MESSAGES = 500;

const MOST_FILES = 50;

export function createBot(
  { name, token, secretToken }: Pick<Bot, "name" | "token" | "secretToken">,
  firstId: number,
): Bot {
  return {
    name,
    token,
    me: { id: Number.parseInt(token, 10), is_bot: true, first_name: "Causeway", username: "causeway_bot" },
    secretToken,
    webhook: null,
    lastError: null,
    pending: [],
    lastUpdateId: firstId,
    lastMessageId: firstId,
    lastFileId: firstId,
    chats: new Map(),
    businesses: new Map(),
    files: new Map(),
    commands: [],
    queries: new Set(),
  };
}

/** The chat with an id, which begins to exist when somebody uses it: with the bot, or with a business account. */
export function chatOf(
  { chats }: Pick<Bot | BusinessAccount, "chats">,
  id: number,
  title: string = id < 0 ? "Group" : firstName(id),
  business: BusinessAccount | null = null,
): Chat {
  const known = chats.get(id);
  if (known) return known;
  const chat: Chat = {
    id,
    title,
    business,
    users: new Map(),
    messages: [],
    topics: new Map(),
    isBlocked: false,
    draft: null,
    typingUntil: 0,
  };
  chats.set(id, chat);
  return chat;
}

const NAMES = ["Ada", "Bela", "Cleo", "Dana", "Emil", "Fay", "Gus"];

/** The first name of a user who has none, the same one for the same id. */
export const firstName = (id: number): string => NAMES.at(id % NAMES.length) ?? "Ada";

export function addMessage(
  bot: Bot,
  chat: Chat,
  message: Omit<StoredMessage, "id" | "isEdited">,
): StoredMessage {
  const stored = { id: ++bot.lastMessageId, isEdited: false, ...message };
  chat.messages = [...chat.messages, stored].slice(-MOST_MESSAGES);
  return stored;
}

export function addFile(bot: Bot, file: Omit<StoredFile, "fileId" | "path">): StoredFile {
  const number = ++bot.lastFileId;
  const fileId = `BAACAgIAAxkBAAIB${String(number).padStart(8, "0")}`;
  const stored = {
    ...file,
    fileId,
    path: `documents/file_${number}${/\.\w{1,8}$/.exec(file.name)?.[0] ?? ""}`,
  };
  bot.files.set(fileId, stored);
  const oldest = bot.files.size > MOST_FILES ? bot.files.keys().next().value : undefined;
  if (oldest !== undefined) bot.files.delete(oldest);
  return stored;
}
