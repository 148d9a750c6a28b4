import type { SlackApp, SlackFile } from "./app.ts";
import type { Block } from "./blocks.ts";
import { conversationId } from "./ids.ts";

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

const MOST_MESSAGES = 500;

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
