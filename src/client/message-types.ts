import type { OpenHandoff } from "./handoff-types.ts";
import type { JsonObject, PageQuery, TokenUsage } from "./types.ts";

/** A file of a message. Its content is at `url` when its state is `stored`. */
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

/** A button that a user may press instead of writing. */
export interface Button {
  label: string;
  /** Value of a press. Send it back, with the label as `content`. */
  payload: string;
  /** Opens this page instead. Such a button sends no payload. */
  url?: string;
}

/** A button to offer. Without a payload, its label is the payload. */
export type OfferedButton = Omit<Button, "payload"> & { payload?: string };

/** A file to send, at an address that the platform can open. */
export interface OfferedAttachment {
  url: string;
  name?: string;
  contentType?: string;
}

/** A message that another message refers to. */
export interface ReferencedMessage {
  /** Its id, if it is a message of this conversation. */
  messageId: string | null;
  author: string | null;
  text: string | null;
}

export interface MessageReference {
  kind: "thread" | "forward" | "quote" | "reply";
  author: ReferencedMessage["author"];
  text: ReferencedMessage["text"];
  messageId: ReferencedMessage["messageId"];
}

/** A rating of a message. There is one for each message and user. */
export interface Feedback {
  rating: "up" | "down";
  comment: string | null;
  /** Null: nobody was named, and the session has no user. */
  user: { identifier: string; name: string | null } | null;
  /** `api`, or the kind of the channel. */
  via: string;
  createdAt: string;
  updatedAt: string;
}

/** A rating with the message that it is about. */
export interface ListedFeedback extends Feedback {
  id: string;
  messageId: string;
  sessionId: string;
  agentId: string;
  agentVersion: number;
  channel: string;
  content: string;
}

export interface RateMessage {
  /** Null takes the rating back. */
  rating: "up" | "down" | null;
  comment?: string;
  /** The identifier of who rates. Default: the session's user. */
  user?: string;
}

export interface ListFeedback extends PageQuery {
  sessionId?: string;
  /** Id or slug. */
  agentId?: string;
  channel?: string;
  rating?: "up" | "down";
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
  /** For a user message: the payload of the button that the user pressed or chose. */
  payload: string | null;
  metadata: JsonObject;
  executionId: string | null;
  userMessageId: string | null;
  tokenUsage: TokenUsage | null;
  /** The author, in a conversation with several users, or a person in the bot's place (`via`). */
  author: { identifier: string; name: string | null; via?: string } | { name: string; via: string } | null;
  /** Time at which the user wrote it, by the platform's clock. */
  sentAt: string | null;
  /** The newest message that it replies to or quotes. */
  replyTo: ReferencedMessage | null;
  /** The original author of forwarded text. */
  forwardedFrom: string | null;
  references: MessageReference[];
  /** Ratings of what the bot said. */
  feedback: Feedback[];
  createdAt: string;
}

/** The bot's answer. `id` and `seq` are null if the bot chose to stay silent. */
export interface Answer extends Omit<Message, "id" | "seq"> {
  id: string | null;
  seq: number | null;
  /** The bot's earlier messages in the same turn. */
  earlierMessages: Message[];
  /** Only where a person answers: there is no reply of the bot's. */
  handoff?: OpenHandoff | null;
}

export interface SendMessage {
  /** Optional if there are files. */
  content?: string;
  /** The payload of a pressed button, as offered; `content` is its label. */
  payload?: string;
  /** Ids of files that were uploaded to the session. */
  attachmentIds?: string[];
}

export interface ListMessages extends PageQuery {
  beforeSeq?: number;
  afterSeq?: number;
  /** Only messages with these words. */
  q?: string;
  include?: ("seed" | "tool" | "instruction" | "notice")[];
}

/** The history of a message in words. Facts are in chronological order. */
export interface Trail {
  messageId: string;
  /** Null: its sender has no access yet, so it is in no session. */
  sessionId: string | null;
  executionId: string | null;
  /** Its trace in a tracing system; null if tracing is off. */
  traceId: string | null;
  summary: string;
  facts: {
    at: string;
    what: string;
    why: string | null;
    type: "message" | "execution" | "delivery" | "event" | "attachment" | "access_request" | "access_request";
    id: string;
  }[];
}
