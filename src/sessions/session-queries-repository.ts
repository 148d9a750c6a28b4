import type { Pool } from "pg";
import type { Keyset, PageRequest, Slice } from "../core/page.ts";
import { toSlice } from "../core/page.ts";
import type { VariableValue } from "../core/session/template.ts";
import type { JsonObject } from "../core/text/json.ts";
import { countRows } from "../storage/row-count.ts";
import { DATA_OF_SESSION } from "../users/participant-writes-repository.ts";
import { catchUp } from "./follow-activity-repository.ts";
import { OPEN_HANDOFF, type OpenHandoff, type OpenHandoffRow, toOpenHandoff } from "./open-handoff.ts";
import { findFew, type SearchFilters, searchConditions } from "./session-search-repository.ts";
import { placeInShare } from "./session-share.ts";

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

type SessionRow<View = SessionView> = Omit<View, "handoff"> & { handoff: OpenHandoffRow | null };

/** Filters of a list of sessions; all of them apply. */
export interface SessionFilters extends SearchFilters {
  agentId?: string | undefined;
  userId?: string | undefined;
  /** By name. */
  channel?: string | undefined;
  status?: "active" | "completed" | undefined;
  /** State of the session's handoff; `open` is requested or taken. */
  handoff?: "none" | "open" | "requested" | "taken" | undefined;
  /** Changed at this time or later. */
  since?: Date | undefined;
  /** Last changed before this time. */
  until?: Date | undefined;
  /** The share of the sessions, up to 1: the same ones each time. */
  share?: number | undefined;
}

export interface SessionOrder {
  by: "updatedAt" | "createdAt";
  descending: boolean;
}

/** `updated`: the time of the last change. */
const columns = (
  updated: string,
) => `s.id, s.workspace_id AS "workspaceId", s.agent_id AS "agentId", s.agent_version AS "agentVersion",
  s.user_id AS "userId", s.channel_id AS "channelId", c.name AS channel, 
  coalesce(s.external_id, CASE WHEN s.single THEN s.address END) AS "externalKey", s.status,
  s.end_reason AS "endReason", s.title, s.situation, s.summary, s.render_templates AS "renderTemplates", s.variables,
  s.metadata, coalesce(p.data, '{}') AS "participantData", s.created_at AS "createdAt", ${updated} AS "updatedAt",
  s.last_activity_at AS "lastActivityAt", s.ended_at AS "endedAt", s.next_id AS "nextId", ${OPEN_HANDOFF} AS handoff`;

const JOINS = `JOIN channels c ON c.id = s.channel_id
  ${DATA_OF_SESSION}`;

/** Columns and joins that only lists have. Lists show the time that they are sorted by. */
const LIST_COLUMNS = `${columns("s.updated_at")}, l.message AS "lastMessage",
  CASE WHEN u.id IS NOT NULL THEN jsonb_build_object('id', u.id, 'identifier', u.identifier, 'name', u.name) END AS user`;
const LIST_JOINS = `${JOINS}
  LEFT JOIN users u ON u.id = s.user_id
  LEFT JOIN LATERAL (
    SELECT jsonb_build_object('id', m.id, 'role', m.role, 'content', left(m.content, 200), 'createdAt', m.created_at)
      AS message
    FROM messages m WHERE m.session_id = s.id AND m.origin IN ('user', 'bot', 'operator')
    ORDER BY m.seq DESC LIMIT 1) l ON true`;

export type SessionQueries = ReturnType<typeof createSessionQueriesRepository>;

/**
 * Sessions for the API. Not Prisma: it needs typed containment with its index, and lists whose cost does not grow with
 * the table.
 */
export function createSessionQueriesRepository(pool: Pool) {
  return {
    /** Null: the workspace has no such session. */
    async find(workspaceId: string, id: string): Promise<SessionView | null> {
      const { rows } = await pool.query<SessionRow>({
        name: "find_session",
        text: `SELECT ${columns("greatest(s.updated_at, s.last_activity_at)")} FROM sessions s ${JOINS} WHERE s.workspace_id = $1 AND s.id = $2`,
        values: [workspaceId, id],
      });
      return rows[0] ? toView(rows[0]) : null;
    },

    async list(
      workspaceId: string,
      filters: SessionFilters,
      order: SessionOrder,
      page: PageRequest,
    ): Promise<Slice<SessionListView>> {
      await catchUp(pool);
      const { ids, rest } = await findFew(pool, workspaceId, filters);
      const left = { ...filters, ...rest };
      const { where, values } = conditions(workspaceId, left, ids);
      const [total, found] = await Promise.all([
        ids && isEmpty(left) ? ids.length : countRows(pool, "sessions s", where, values),
        rowsOf(pool, { where, values }, order, page),
      ]);
      return toSlice(found, page.limit, total, (row) => place(row, order));
    },

    /** The next sessions behind a place, the oldest first. Counts nothing, so that a long export stays cheap. */
    async next(
      workspaceId: string,
      filters: SessionFilters,
      after: Keyset | null,
      limit: number,
    ): Promise<SessionListView[]> {
      if (after === null) await catchUp(pool);
      const { ids, rest } = await findFew(pool, workspaceId, filters);
      const filter = conditions(workspaceId, { ...filters, ...rest }, ids);
      return await rowsOf(pool, filter, { by: "createdAt", descending: false }, { limit, offset: 0, after });
    },
  };
}

async function rowsOf(
  pool: Pool,
  filter: { where: string; values: readonly unknown[] },
  order: SessionOrder,
  page: PageRequest,
): Promise<SessionListView[]> {
  const column = order.by === "updatedAt" ? "updated_at" : "created_at";
  const direction = order.descending ? "DESC" : "ASC";
  const values = [...filter.values];
  const bind = (value: unknown) => `$${values.push(value)}`;
  const behind = page.after
    ? ` AND (s.${column}, s.id) ${order.descending ? "<" : ">"} (${bind(page.after.at)}::timestamptz, ${bind(page.after.id)}::text)`
    : "";
  // One more row than requested shows if another page follows.
  const { rows } = await pool.query<SessionRow<SessionListView>>(
    `SELECT ${LIST_COLUMNS} FROM (
       SELECT * FROM sessions s WHERE ${filter.where}${behind}
       ORDER BY s.${column} ${direction}, s.id ${direction} LIMIT ${bind(page.limit + 1)} OFFSET ${bind(page.offset)}) s
     ${LIST_JOINS} ORDER BY s.${column} ${direction}, s.id ${direction}`,
    values,
  );
  return rows.map((row) => {
    const { lastMessage } = row;
    return {
      ...row,
      handoff: toOpenHandoff(row.handoff),
      // JSON has no times.
      lastMessage: lastMessage && { ...lastMessage, createdAt: new Date(lastMessage.createdAt) },
    };
  });
}

function toView(row: SessionRow): SessionView {
  return { ...row, handoff: toOpenHandoff(row.handoff) };
}

function place(row: SessionView, order: SessionOrder): Keyset {
  return { at: row[order.by], id: row.id };
}

/** `ids`: the sessions that a search found. */
function conditions(workspaceId: string, filters: SessionFilters, ids: string[] | null) {
  const values: unknown[] = [workspaceId];
  const bind = (value: unknown) => `$${values.push(value)}`;
  const parts = ["s.workspace_id = $1"];
  if (ids) parts.push(`s.id = ANY(${bind(ids)})`);
  parts.push(...searchConditions(filters, bind));
  if (filters.agentId !== undefined) parts.push(`s.agent_id = ${bind(filters.agentId)}`);
  if (filters.userId !== undefined) parts.push(`s.user_id = ${bind(filters.userId)}`);
  if (filters.status !== undefined) parts.push(`s.status = ${bind(filters.status)}`);
  if (filters.since !== undefined) parts.push(`s.updated_at >= ${bind(filters.since)}`);
  if (filters.until !== undefined) parts.push(`s.updated_at < ${bind(filters.until)}`);
  if (filters.share !== undefined) parts.push(`${placeInShare("s.id")} < ${bind(filters.share)}::numeric`);
  if (filters.handoff === "none") parts.push("s.handoff_id IS NULL");
  else if (filters.handoff !== undefined) parts.push("s.handoff_id IS NOT NULL");
  if (filters.handoff === "requested" || filters.handoff === "taken") {
    parts.push(`(SELECT h.state FROM handoffs h WHERE h.id = s.handoff_id) = ${bind(filters.handoff)}`);
  }
  if (filters.channel !== undefined) {
    const name = bind(filters.channel);
    parts.push(`s.channel_id = (SELECT id FROM channels WHERE workspace_id = $1 AND name = ${name})`);
  }
  return { where: parts.join(" AND "), values };
}

function isEmpty(filters: SessionFilters): boolean {
  return Object.values(filters).every((value) => value === undefined);
}
