import type { Pool } from "pg";
import { type PageRequest, type Slice, toSlice } from "../core/page.ts";
import { countRows } from "../storage/row-count.ts";
import type { Handoff, HandoffSession, HandoffState } from "./handoff.ts";
import { HANDOFF_COLUMNS, HANDOFF_FROM, type HandoffRow, toHandoff } from "./handoff-rows-repository.ts";

export interface HandoffFilter {
  state?: HandoffState | undefined;
  agentId?: string | undefined;
  /** By name. */
  channel?: string | undefined;
  desk?: string | undefined;
}

export type HandoffQueries = ReturnType<typeof createHandoffQueries>;

/** Reads handoffs for people and programs. */
export function createHandoffQueries(pool: Pool) {
  return {
    /** Null if the workspace has no such handoff. */
    async find(workspaceId: string, id: string): Promise<Handoff | null> {
      const { rows } = await pool.query<HandoffRow>(
        `SELECT ${HANDOFF_COLUMNS} FROM ${HANDOFF_FROM} WHERE h.workspace_id = $1 AND h.id = $2`,
        [workspaceId, id],
      );
      return rows[0] ? toHandoff(rows[0]) : null;
    },

    /** Newest first. */
    async list(workspaceId: string, filter: HandoffFilter, page: PageRequest): Promise<Slice<Handoff>> {
      const values: unknown[] = [workspaceId];
      const bind = (value: unknown) => `$${values.push(value)}`;
      const parts = ["h.workspace_id = $1"];
      if (filter.state !== undefined) parts.push(`h.state = ${bind(filter.state)}`);
      if (filter.agentId !== undefined) parts.push(`s.agent_id = ${bind(filter.agentId)}`);
      if (filter.channel !== undefined) parts.push(`c.name = ${bind(filter.channel)}`);
      if (filter.desk !== undefined) parts.push(`h.desk = ${bind(filter.desk)}`);
      const where = parts.join(" AND ");
      const total = countRows(pool, HANDOFF_FROM, where, [...values]);
      const behind = page.after
        ? ` AND (h.requested_at, h.id) < (${bind(page.after.at)}::timestamptz, ${bind(page.after.id)}::text)`
        : "";
      const { rows } = await pool.query<HandoffRow>(
        `SELECT ${HANDOFF_COLUMNS} FROM ${HANDOFF_FROM} WHERE ${where}${behind}
         ORDER BY h.requested_at DESC, h.id DESC LIMIT ${bind(page.limit + 1)} OFFSET ${bind(page.offset)}`,
        values,
      );
      const place = ({ requestedAt: at, id }: Handoff) => ({ at, id });
      return toSlice(rows.map(toHandoff), page.limit, await total, place);
    },

    /** All handoffs of a user, the oldest first. */
    async ofUser(workspaceId: string, userId: string): Promise<Handoff[]> {
      const { rows } = await pool.query<HandoffRow>(
        `SELECT ${HANDOFF_COLUMNS} FROM ${HANDOFF_FROM} WHERE h.workspace_id = $1 AND s.user_id = $2
         ORDER BY h.requested_at, h.id`,
        [workspaceId, userId],
      );
      return rows.map(toHandoff);
    },

    /** Sessions in which people were silent for too long. */
    async idle(limit: number): Promise<HandoffSession[]> {
      const { rows } = await pool.query<HandoffSession>({
        name: "idle_handoffs",
        text: `SELECT s.id, s.channel_id AS "channelId", s.agent_id AS "agentId", s.agent_version AS "agentVersion"
          FROM handoffs h JOIN sessions s ON s.handoff_id = h.id WHERE h.idle_at <= now() ORDER BY h.idle_at LIMIT $1`,
        values: [limit],
      });
      return rows;
    },
  };
}
