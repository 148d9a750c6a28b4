import type { SaidFile } from "../connection.ts";
import { numberFor, secretFor } from "../invented.ts";
import type { Block } from "./blocks.ts";

export interface SlackAccount {
  name: string;
  botToken: string;
  appToken: string;
  signingSecret: string;
  /** The URL that gets signed events and presses; null: none, so only Socket Mode works. */
  requestUrl: string | null;
  /** Conversations that exist from the start. */
  rooms?: readonly string[];
}

export interface SlackFile extends SaidFile {
  id: string;
}

/** A message of a conversation, with the data that both sides see. */
export interface StoredMessage {
  ts: string;
  threadTs: string | null;
  /** The id of the person; null: the bot. */
  user: string | null;
  /** As Slack stores it, with mentions and links in angle brackets. */
  text: string;
  isMarkdown: boolean;
  blocks: Block[];
  files: SlackFile[];
  isEdited: boolean;
  /** The end of a stream by the platform's clock, milliseconds; null: it is no open stream. */
  streamsUntil: number | null;
  /** The cards of tools, by their id; null in a message without chunks. */
  cards: Map<string, ToolCard> | null;
  /** The emoji with which a person reacted. */
  reaction?: string;
}

export interface ToolCard {
  title: string;
  status: string;
}

/** A conversation with an agent, in a thread. */
export interface AgentSession {
  /** While it is `processing`, people see a Stop button. */
  status: string;
  title: string;
}

export interface SuggestedPrompt {
  title: string;
  message: string;
}

export interface Conversation {
  id: string;
  title: string;
  isDirect: boolean;
  messages: StoredMessage[];
  /** The shown status, by thread. */
  statuses: Map<string, string>;
  /** The agent's sessions, by thread. */
  sessions: Map<string, AgentSession>;
  /** The prompts that Slack offers in the conversation with the app. */
  prompts: SuggestedPrompt[];
  isBlocked: boolean;
}

/** An installed app, its workspace and what is said there. */
export interface SlackApp extends SlackAccount {
  ids: { user: string; bot: string; app: string; team: string };
  conversations: Map<string, Conversation>;
  /** Names of people by id. */
  people: Map<string, string>;
  files: Map<string, SlackFile>;
  /** Uploads that are not in a conversation yet. */
  uploads: Map<string, { name: string; bytes: Buffer | null }>;
  responseUrls: Map<string, { channel: string; ts: string; left: number; until: number }>;
  lastNumber: number;
  lastEvent: number;
  lastFile: number;
}

const MOST_MESSAGES = 500;
const MOST_FILES = 50;

export function createSlackApp(account: SlackAccount, firstId: number): SlackApp {
  const digits = secretFor("slack", account.name).slice(0, 7).toUpperCase();
  return {
    ...account,
    ids: { user: `U0B${digits}`, bot: `B0B${digits}`, app: `A0B${digits}`, team: "T0SIMULATE" },
    conversations: new Map(),
    people: new Map(),
    files: new Map(),
    uploads: new Map(),
    responseUrls: new Map(),
    lastNumber: 0,
    lastEvent: firstId,
    lastFile: firstId,
  };
}

/** A conversation's id: as written, of a channel's name, or of the direct conversation with a person. */
export function conversationId(chat: string): string {
  if (/^[CDG][A-Z0-9]{2,}$/.test(chat)) return chat;
  if (/^U[A-Z0-9]{2,}$/.test(chat)) return `D${chat.slice(1)}`;
  if (/^#|^(general|random)$/i.test(chat)) return `C0${idPart(chat.replace(/^#/, ""))}`;
  return `D0${idPart(chat)}`;
}

/** A person's id: as written, or the same one for the same name. */
export function personId(name: string): string {
  return /^U[A-Z0-9]{2,}$/.test(name) ? name : `U0${idPart(name)}`;
}

function idPart(name: string): string {
  const letters = name.toUpperCase().replace(/[^A-Z0-9]/g, "");
  return letters.length >= 2 && letters.length === name.length
    ? letters.padEnd(8, "0")
    : String(numberFor(name, 10_000_000, 89_999_999));
}

/** The conversation with an id, which begins to exist when somebody uses it. */
export function openConversation(app: SlackApp, chat: string): Conversation {
  const id = conversationId(chat);
  const known = app.conversations.get(id);
  if (known) return known;
  const isDirect = id.startsWith("D");
  const title = chat === id ? (isDirect ? "Direct message" : id.toLowerCase()) : chat.replace(/^#/, "");
  const made = {
    id,
    title,
    isDirect,
    messages: [],
    statuses: new Map(),
    sessions: new Map(),
    prompts: [],
    isBlocked: false,
  };
  app.conversations.set(id, made);
  return made;
}

/** Creates the session if needed. Only then the title counts. */
export function setSession(
  { sessions }: Conversation,
  thread: string,
  status: string,
  title = "",
): AgentSession {
  const session = sessions.get(thread) ?? { status, title };
  session.status = status;
  // The newest change comes last.
  sessions.delete(thread);
  sessions.set(thread, session);
  return session;
}

export function addMessage(
  app: SlackApp,
  conversation: Conversation,
  seconds: number,
  message: Partial<StoredMessage> & Pick<StoredMessage, "text">,
): StoredMessage {
  const ts = nextTs(app, seconds);
  const stored: StoredMessage = {
    ts,
    threadTs: null,
    user: null,
    isMarkdown: false,
    blocks: [],
    files: [],
    isEdited: false,
    streamsUntil: null,
    cards: null,
    ...message,
  };
  conversation.messages = [...conversation.messages, stored].slice(-MOST_MESSAGES);
  return stored;
}

/** A time that is also an id: later messages have a higher one. */
function nextTs(app: SlackApp, seconds: number): string {
  return `${seconds}.${String(++app.lastNumber).padStart(6, "0")}`;
}

/** An id of a file, such as `F0012345678`. */
export function nextFileId(app: SlackApp): string {
  return `F0${String(++app.lastFile).padStart(9, "0")}`;
}

export function addFile(app: SlackApp, file: SaidFile): SlackFile {
  const stored = { ...file, id: nextFileId(app) };
  app.files.set(stored.id, stored);
  const oldest = app.files.size > MOST_FILES ? app.files.keys().next().value : undefined;
  if (oldest !== undefined) app.files.delete(oldest);
  return stored;
}

/** A file as events and `files.info` describe it. */
export function fileObject(
  { id, name, contentType, bytes }: SlackFile,
  root: string,
): Record<string, unknown> {
  const url = `${root}/files/${id}/${encodeURIComponent(name)}`;
  return {
    id,
    name,
    title: name,
    mimetype: contentType,
    filetype: name.split(".").at(-1),
    size: bytes.length,
    mode: "hosted",
    url_private: url,
    url_private_download: url,
    file_access: "visible",
  };
}

/** A message as `conversations.replies` and events describe it. */
export function messageObject(app: SlackApp, message: StoredMessage, root: string): Record<string, unknown> {
  const { ts, threadTs, user, text, blocks, files, isEdited } = message;
  const by =
    user === null
      ? { user: app.ids.user, bot_id: app.ids.bot, app_id: app.ids.app }
      : { user, client_msg_id: `client-${ts}` };
  return {
    type: "message",
    ts,
    ...by,
    team: app.ids.team,
    text,
    ...(threadTs === null ? {} : { thread_ts: threadTs }),
    ...(blocks.length === 0 ? {} : { blocks }),
    ...(files.length === 0 ? {} : { files: files.map((file) => fileObject(file, root)) }),
    ...(isEdited ? { edited: { user: app.ids.user, ts } } : {}),
  };
}
