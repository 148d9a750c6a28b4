import type { OpenHandoff } from "./handoff-types.ts";
import type { JsonObject, PageQuery, VariableValue } from "./types.ts";

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
  /** While a person answers instead of the bot. */
  handoff: OpenHandoff | null;
}

/** A session in a list. */
export interface SessionRow extends Session {
  /** The newest words of a user, the bot or a person; at most 200 characters of them. */
  lastMessage: { id: string; role: "user" | "assistant"; content: string; createdAt: string } | null;
  user: { id: string; identifier: string; name: string | null } | null;
}

export interface CreateSession {
  /** Id or slug. */
  agentId: string;
  userId?: string;
  /** `language`: a language tag, for the variable `user_language`. */
  user?: { identifier: string; name?: string | null; language?: string | null };
  version?: number;
  channel?: string;
  externalId?: string | null;
  title?: string | null;
  situation?: string | null;
  variables?: Record<string, VariableValue>;
  metadata?: JsonObject;
  renderTemplates?: boolean;
}

/** Changes only the fields that are present. Null clears a field; `metadata` and `variables` are merged. */
export interface UpdateSession {
  title?: string | null;
  situation?: string | null;
  summary?: string | null;
  externalId?: string | null;
  renderTemplates?: boolean | null;
  variables?: Record<string, VariableValue | null> | null;
  metadata?: JsonObject | null;
  /** Another version of the session's agent. */
  agentVersion?: number;
}

export interface ListSessions extends PageQuery {
  /** JSON that the metadata must contain. Compares types and nested objects. */
  metadataFilter?: JsonObject;
  agentId?: string;
  userId?: string;
  channel?: string;
  status?: Session["status"];
  /** State of the handoff; `open` is `requested` or `taken`. */
  handoff?: "none" | "open" | "requested" | "taken";
  /** Words in the messages. All of them must occur; `"two words"` is a phrase, `-word` excludes. */
  q?: string;
  /** True: a turn or a delivery failed, or a delivery waits for an operator's finding. */
  trouble?: boolean;
  /** Changed at this time or later: RFC 3339. */
  since?: string;
  /** Last changed before this time: RFC 3339. */
  until?: string;
  sort?: "-updated_at" | "updated_at" | "-created_at" | "created_at";
}

export interface ResetSession {
  /** True (default) fires the agent's event rules for the end of a session. */
  triggerEvents?: boolean;
  /** An instruction to the bot, for its first message. */
  prompt?: string;
  /** The first message itself. */
  text?: string;
}

export interface PromptMessage {
  role: "system" | "user" | "assistant";
  content: string;
}

/** One firing of one of the agent's event rules. */
export interface SessionEvent {
  id: string;
  sessionId: string;
  agentId: string;
  agentVersion: number;
  /** The index of the rule in the version's `events`. */
  rule: number;
  event: string;
  data: JsonObject;
  status: "pending" | "running" | "completed" | "skipped" | "failed" | "unreachable";
  reason: string | null;
  attempts: number;
  /** The result of each action. */
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
