import type { Pool } from "pg";
import type { Keyset, PageRequest, Slice } from "../core/page.ts";
import { toSlice } from "../core/page.ts";
import { countRows } from "../storage/row-count.ts";
import { catchUp } from "./follow-activity-repository.ts";
import { isEmpty, type SessionFilters, sessionConditions } from "./session-filters.ts";
import { findFew } from "./session-search-repository.ts";
import {
  LIST_COLUMNS,
  LIST_JOINS,
  SESSION_JOINS,
  type SessionListView,
  type SessionRow,
  type SessionView,
  sessionColumns,
  toListView,
  toView,
} from "./session-view.ts";

export interface SessionOrder {
  by: "updatedAt" | "createdAt";
  descending: boolean;
}

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
        text: `SELECT ${sessionColumns("greatest(s.updated_at, s.last_activity_at)")} FROM sessions s ${SESSION_JOINS} WHERE s.workspace_id = $1 AND s.id = $2`,
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
      const { where, values } = sessionConditions(workspaceId, left, ids);
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
      const filter = sessionConditions(workspaceId, { ...filters, ...rest }, ids);
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
  return rows.map(toListView);
}

function place(row: SessionView, order: SessionOrder): Keyset {
  return { at: row[order.by], id: row.id };
}
