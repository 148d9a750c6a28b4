import type { Pool } from "pg";
import type { JsonObject } from "../core/json.ts";
import type { Keyset, PageRequest, Slice } from "../core/page.ts";
import { toSlice } from "../core/page.ts";
import type { VariableValue } from "../core/template.ts";
import { countRows, estimateRows } from "../storage/row-count.ts";
import { inTransaction } from "../storage/transaction.ts";

/** A session as those who look at it from outside see it. */
export interface SessionView {
  id: string;
  workspaceId: string;
  agentId: string;
  agentVersion: number;
  userId: string | null;
  channelId: string;
  /** The channel's name. */
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
  createdAt: Date;
  updatedAt: Date;
  lastActivityAt: Date;
  endedAt: Date | null;
  /** The session that took over, once this one is completed. */
  nextId: string | null;
}

/** What a list of sessions is limited to; all of it applies. */
export interface SessionFilters {
  /** Typed containment, deep: `{"a":"1"}` does not match the number 1. */
  metadata?: JsonObject | undefined;
  agentId?: string | undefined;
  userId?: string | undefined;
  /** By name. */
  channel?: string | undefined;
  status?: "active" | "completed" | undefined;
}

export interface SessionOrder {
  by: "updatedAt" | "createdAt";
  descending: boolean;
}

const COLUMNS = `s.id, s.workspace_id AS "workspaceId", s.agent_id AS "agentId", s.agent_version AS "agentVersion",
  s.user_id AS "userId", s.channel_id AS "channelId", c.name AS channel, 
  coalesce(s.external_id, CASE WHEN s.single THEN s.address END) AS "externalId", s.status,
  s.end_reason AS "endReason", s.title, s.situation, s.summary, s.render_templates AS "renderTemplates", s.variables,
  s.metadata, coalesce(p.data, '{}') AS "participantData", s.created_at AS "createdAt", s.updated_at AS "updatedAt",
  s.last_activity_at AS "lastActivityAt", s.ended_at AS "endedAt", s.next_id AS "nextId"`;

const JOINS = `JOIN channels c ON c.id = s.channel_id
  LEFT JOIN participant_data p ON p.user_id = s.user_id AND p.agent_id = s.agent_id`;

/** Up to so many metadata matches are sorted by hand; more of them are found quickly along the list's own order. */
const FEW_MATCHES = 2_000;
/** What is estimated to match so often is not looked up in the index, which would collect every match first. */
const SURELY_MANY = 20_000;

export type SessionQueries = ReturnType<typeof createSessionQueriesRepository>;

/**
 * Sessions as the API reads them. Not Prisma: typed containment with its index, and lists whose cost does not grow
 * with the table.
 */
export function createSessionQueriesRepository(pool: Pool) {
  return {
    /** Null where the workspace has no such session. */
    async find(workspaceId: string, id: string): Promise<SessionView | null> {
      const { rows } = await pool.query<SessionView>({
        name: "find_session",
        text: `SELECT ${COLUMNS} FROM sessions s ${JOINS} WHERE s.workspace_id = $1 AND s.id = $2`,
        values: [workspaceId, id],
      });
      return rows[0] ?? null;
    },

    async list(
      workspaceId: string,
      filters: SessionFilters,
      order: SessionOrder,
      page: PageRequest,
    ): Promise<Slice<SessionView>> {
      const matches = filters.metadata ? await fewMatches(pool, workspaceId, filters.metadata) : null;
      const { where, values } = conditions(workspaceId, filters, matches);
      const [total, found] = await Promise.all([
        matches && isOnlyMetadata(filters) ? matches.length : countRows(pool, "sessions s", where, values),
        rowsOf(pool, { where, values }, order, page),
      ]);
      return toSlice(found, page.limit, total, (row) => place(row, order));
    },
  };
}

async function rowsOf(
  pool: Pool,
  filter: { where: string; values: readonly unknown[] },
  order: SessionOrder,
  page: PageRequest,
): Promise<SessionView[]> {
  const column = order.by === "updatedAt" ? "updated_at" : "created_at";
  const direction = order.descending ? "DESC" : "ASC";
  const values = [...filter.values];
  const bind = (value: unknown) => `$${values.push(value)}`;
  const behind = page.after
    ? ` AND (s.${column}, s.id) ${order.descending ? "<" : ">"} (${bind(page.after.at)}::timestamptz, ${bind(page.after.id)}::text)`
    : "";
  // One row more than asked for tells whether another page follows.
  const { rows } = await pool.query<SessionView>(
    `SELECT ${COLUMNS} FROM (
       SELECT * FROM sessions s WHERE ${filter.where}${behind}
       ORDER BY s.${column} ${direction}, s.id ${direction} LIMIT ${bind(page.limit + 1)} OFFSET ${bind(page.offset)}) s
     ${JOINS} ORDER BY s.${column} ${direction}, s.id ${direction}`,
    values,
  );
  return rows;
}

function place(row: SessionView, order: SessionOrder): Keyset {
  return { at: row[order.by], id: row.id };
}

function conditions(workspaceId: string, filters: SessionFilters, matches: string[] | null) {
  const values: unknown[] = [workspaceId];
  const bind = (value: unknown) => `$${values.push(value)}`;
  const parts = ["s.workspace_id = $1"];
  if (matches) parts.push(`s.id = ANY(${bind(matches)})`);
  else if (filters.metadata) parts.push(`s.metadata @> ${bind(JSON.stringify(filters.metadata))}::jsonb`);
  if (filters.agentId !== undefined) parts.push(`s.agent_id = ${bind(filters.agentId)}`);
  if (filters.userId !== undefined) parts.push(`s.user_id = ${bind(filters.userId)}`);
  if (filters.status !== undefined) parts.push(`s.status = ${bind(filters.status)}`);
  if (filters.channel !== undefined) {
    const name = bind(filters.channel);
    parts.push(`s.channel_id = (SELECT id FROM channels WHERE workspace_id = $1 AND name = ${name})`);
  }
  return { where: parts.join(" AND "), values };
}

function isOnlyMetadata({ metadata: _metadata, ...others }: SessionFilters): boolean {
  return Object.values(others).every((value) => value === undefined);
}

/**
 * The workspace's sessions whose metadata contains the filter, if they are few; null if they are many. Asked first because the
 * planner does not know that few are wanted in an order of their own, and a wrong guess is a scan of the whole table.
 */
async function fewMatches(pool: Pool, workspaceId: string, filter: JsonObject): Promise<string[] | null> {
  const values = [JSON.stringify(filter)];
  if ((await estimateRows(pool, "sessions", "metadata @> $1::jsonb", values)) >= SURELY_MANY) return null;
  return inTransaction(pool, async (client) => {
    await client.query("SET LOCAL enable_seqscan = off");
    const { rows } = await client.query<{ id: string }>(
      `SELECT id FROM sessions WHERE metadata @> $1::jsonb AND workspace_id = $2 LIMIT ${FEW_MATCHES + 1}`,
      [...values, workspaceId],
    );
    return rows.length > FEW_MATCHES ? null : rows.map((row) => row.id);
  });
}
