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

export interface ListSessions extends PageQuery {
  /** What the metadata must contain, typed and deep. */
  metadataFilter?: JsonObject;
  agentId?: string;
  userId?: string;
  channel?: string;
  status?: Session["status"];
  sort?: "-updated_at" | "updated_at" | "-created_at" | "created_at";
}

export interface ResetSession {
  /** Whether the agent's event rules for the end of a session fire. Default true. */
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
