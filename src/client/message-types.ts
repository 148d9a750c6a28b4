import type { JsonObject, PageQuery, TokenUsage } from "./types.ts";

/** A file of a message; its content is at `url` once it is `stored`. */
export interface Attachment {
  id: string;
  kind: "image" | "audio" | "video" | "file";
  name: string | null;
  contentType: string | null;
  bytes: number | null;
  state: "pending" | "stored" | "failed" | "expired";
  error: string | null;
  url: string | null;
}

/** Something a user may press instead of writing. */
export interface Button {
  label: string;
  /** What a press carries: sent back with the label as `content`. */
  payload: string;
  /** Opens this page instead; such a button never comes back. */
  url?: string;
}

/** A button as it is given; one without a payload carries its label. */
export type OfferedButton = Omit<Button, "payload"> & { payload?: string };

/** A file as it is given: at an address that the platform can open. */
export interface OfferedAttachment {
  url: string;
  name?: string;
  contentType?: string;
}

export interface Message {
  id: string;
  sessionId: string;
  seq: number;
  role: "system" | "user" | "assistant" | "tool";
  origin: "user" | "bot" | "operator" | "instruction" | "command" | "notice" | "tool" | "seed";
  content: string;
  attachments: Attachment[];
  buttons: Button[];
  /** On what a user said: what the button carries that they pressed or chose. */
  payload: string | null;
  metadata: JsonObject;
  executionId: string | null;
  userMessageId: string | null;
  tokenUsage: TokenUsage | null;
  createdAt: string;
}

/** What the bot said. `id` and `seq` are null where it chose to say nothing. */
export interface Answer extends Omit<Message, "id" | "seq"> {
  id: string | null;
  seq: number | null;
  /** What it said before that in the same turn. */
  earlierMessages: Message[];
}

export interface SendMessage {
  /** May be left out where there are files. */
  content?: string;
  /** Of a pressed button, as it was offered; `content` is its label. */
  payload?: string;
  /** Of files that were uploaded into the session. */
  attachmentIds?: string[];
}

export interface ListMessages extends PageQuery {
  beforeSeq?: number;
  afterSeq?: number;
  include?: ("seed" | "tool" | "instruction" | "notice")[];
}

/** What happened to a message, in words; facts in the order they happened. */
export interface Trail {
  messageId: string;
  sessionId: string;
  executionId: string | null;
  summary: string;
  facts: {
    at: string;
    what: string;
    why: string | null;
    type: "message" | "execution" | "delivery" | "event" | "attachment";
    id: string;
  }[];
}
