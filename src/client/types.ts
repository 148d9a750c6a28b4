/** The caller's own JSON: travels as it is. */
export type JsonObject = { [key: string]: unknown };
export type VariableValue = string | number | boolean;

export interface Session {
  id: string;
  workspaceId: string;
  agentId: string;
  agentVersion: number;
  userId: string | null;
  channel: string;
  externalId: string | null;
  status: "active" | "completed";
  endReason: string | null;
  title: string | null;
  situation: string | null;
  summary: string | null;
  renderTemplates: boolean;
  variables: Record<string, VariableValue>;
  metadata: JsonObject;
  participantData: JsonObject;
  /** RFC 3339, UTC. */
  createdAt: string;
  updatedAt: string;
  lastActivityAt: string;
  endedAt: string | null;
}

export interface CreateSession {
  /** Id or slug. */
  agentId: string;
  userId?: string;
  user?: { identifier: string; name?: string | null };
  version?: number;
  channel?: string;
  externalId?: string | null;
  title?: string | null;
  situation?: string | null;
  variables?: Record<string, VariableValue>;
  metadata?: JsonObject;
  renderTemplates?: boolean;
}

/** Only what is present changes; null clears; `metadata` and `variables` merge. */
export interface UpdateSession {
  title?: string | null;
  situation?: string | null;
  summary?: string | null;
  externalId?: string | null;
  renderTemplates?: boolean | null;
  variables?: Record<string, VariableValue | null> | null;
  metadata?: JsonObject | null;
}

export interface PageQuery {
  page?: number;
  /** 1 to 100, default 20. */
  limit?: number;
  cursor?: string;
}

export interface ListSessions extends PageQuery {
  /** What the metadata must contain, typed and deep. */
  metadataFilter?: JsonObject;
  agentId?: string;
  userId?: string;
  channel?: string;
  status?: Session["status"];
  sort?: "-updated_at" | "updated_at" | "-created_at" | "created_at";
}

export interface TokenUsage {
  promptTokens: number;
  completionTokens: number;
  totalTokens: number;
}

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

export type ExecutionStatus = "pending" | "running" | "completed" | "failed" | "cancelled";

export interface Execution {
  id: string;
  workspaceId: string;
  sessionId: string;
  agentId: string;
  agentVersion: number;
  channel: string;
  userId: string | null;
  userMessageId: string | null;
  status: ExecutionStatus;
  attempts: number;
  error: { code: string; message: string } | null;
  mergedInto: string | null;
  cancelRequestedAt: string | null;
  tokenUsage: TokenUsage | null;
  durationMs: number | null;
  createdAt: string;
  startedAt: string | null;
  endedAt: string | null;
}

export interface ListExecutions extends PageQuery {
  sessionId?: string;
  agentId?: string;
  channel?: string;
  status?: ExecutionStatus;
}

/** What a turn says while it runs: `execution` first, exactly one `done` or `error` last. */
export type TurnEvent =
  | { type: "execution"; executionId: string | null; userMessageId: string | null }
  | { type: "thinking"; content: string }
  | { type: "tool_start"; id: string; name: string }
  | { type: "tool_end"; id: string; name: string; summary: string }
  | { type: "content"; content: string }
  | {
      type: "done";
      /** `buttons` only where there are any. */
      output: { content: string; buttons?: Button[] };
      messageId: string | null;
      tokenUsage: TokenUsage;
      /** Seconds. */
      time: number;
    }
  /** `retryAfter`: seconds after which another message would be answered, where that is known. */
  | { type: "error"; message: string; code: string; retryAfter?: number };

export interface PromptMessage {
  role: "system" | "user" | "assistant";
  content: string;
}

export interface ResetSession {
  /** Whether the agent's event rules for the end of a session fire. Default true. */
  triggerEvents?: boolean;
  /** An instruction to the bot, for its first message. */
  prompt?: string;
  /** The first message itself. */
  text?: string;
}

/** One firing of one of the agent's event rules. */
export interface SessionEvent {
  id: string;
  sessionId: string;
  agentId: string;
  agentVersion: number;
  /** The rule's place in the version's `events`. */
  rule: number;
  event: string;
  data: JsonObject;
  status: "pending" | "running" | "completed" | "skipped" | "failed" | "unreachable";
  reason: string | null;
  attempts: number;
  /** What each action came to. */
  actions: JsonObject[];
  nextAttemptAt: string | null;
  createdAt: string;
  endedAt: string | null;
}

export interface SocketToken {
  token: string;
  expiresAt: string;
  path: string;
}
