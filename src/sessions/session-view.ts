import type { VariableValue } from "../core/session/template.ts";
import type { JsonObject } from "../core/text/json.ts";
import { DATA_OF_SESSION } from "../users/participant-writes-repository.ts";
import { OPEN_HANDOFF, type OpenHandoff, type OpenHandoffRow, toOpenHandoff } from "./open-handoff.ts";

/** A session as API callers and operators see it. */
export interface SessionView {
  id: string;
  workspaceId: string;
  agentId: string;
  agentVersion: number;
  userId: string | null;
  channelId: string;
  /** The channel's name. */
  channel: string;
  externalKey: string | null;
  status: "active" | "completed";
  endReason: string | null;
  title: string | null;
  situation: string | null;
  summary: string | null;
  renderTemplates: boolean;
  variables: Record<string, VariableValue>;
  metadata: JsonObject;
  participantData: JsonObject;
  createdAt: Date;
  updatedAt: Date;
  lastActivityAt: Date;
  endedAt: Date | null;
  /** The session that follows this one after it is completed. */
  nextId: string | null;
  /** While a person answers. */
  handoff: OpenHandoff | null;
}

/** A session in a list, with what a reader needs to recognise it. */
export interface SessionListView extends SessionView {
  /** The newest words of a user, the bot or a person; at most 200 characters of them. */
  lastMessage: { id: string; role: "user" | "assistant"; content: string; createdAt: Date } | null;
  user: { id: string; identifier: string; name: string | null } | null;
}

/** A view as the database returns it. */
export type SessionRow<View = SessionView> = Omit<View, "handoff"> & { handoff: OpenHandoffRow | null };

/** The columns of a view. `updated`: the time of the last change. */
export const sessionColumns = (
  updated: string,
) => `s.id, s.workspace_id AS "workspaceId", s.agent_id AS "agentId", s.agent_version AS "agentVersion",
  s.user_id AS "userId", s.channel_id AS "channelId", c.name AS channel, 
  coalesce(s.external_id, CASE WHEN s.single THEN s.address END) AS "externalKey", s.status,
  s.end_reason AS "endReason", s.title, s.situation, s.summary, s.render_templates AS "renderTemplates", s.variables,
  s.metadata, coalesce(p.data, '{}') AS "participantData", s.created_at AS "createdAt", ${updated} AS "updatedAt",
  s.last_activity_at AS "lastActivityAt", s.ended_at AS "endedAt", s.next_id AS "nextId", ${OPEN_HANDOFF} AS handoff`;

export const SESSION_JOINS = `JOIN channels c ON c.id = s.channel_id
  ${DATA_OF_SESSION}`;

/** Columns and joins that only lists have. Lists show the time that they are sorted by. */
export const LIST_COLUMNS = `${sessionColumns("s.updated_at")}, l.message AS "lastMessage",
  CASE WHEN u.id IS NOT NULL THEN jsonb_build_object('id', u.id, 'identifier', u.identifier, 'name', u.name) END AS user`;
export const LIST_JOINS = `${SESSION_JOINS}
  LEFT JOIN users u ON u.id = s.user_id
  LEFT JOIN LATERAL (
    SELECT jsonb_build_object('id', m.id, 'role', m.role, 'content', left(m.content, 200), 'createdAt', m.created_at)
      AS message
    FROM messages m WHERE m.session_id = s.id AND m.origin IN ('user', 'bot', 'operator')
    ORDER BY m.seq DESC LIMIT 1) l ON true`;

export function toView(row: SessionRow): SessionView {
  return { ...row, handoff: toOpenHandoff(row.handoff) };
}

export function toListView(row: SessionRow<SessionListView>): SessionListView {
  const { lastMessage } = row;
  return {
    ...row,
    handoff: toOpenHandoff(row.handoff),
    // JSON has no times.
    lastMessage: lastMessage && { ...lastMessage, createdAt: new Date(lastMessage.createdAt) },
  };
}
