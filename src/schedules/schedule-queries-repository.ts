import type { Pool } from "pg";
import { type PageRequest, type Slice, toSlice } from "../core/page.ts";
import { countRows } from "../storage/row-count.ts";
import { type Schedule, type ScheduleRow, toSchedule } from "./schedule.ts";
import { RUN_COLUMNS, RUN_OUTCOME, type RunRow, type RunView, toRun } from "./schedule-run.ts";

export interface ScheduleView extends Schedule {
  channel: string;
  identifier: string;
  createdAt: Date;
  updatedAt: Date;
  lastRun: RunView | null;
}

export interface ScheduleFilter {
  agentId?: string | undefined;
  userId?: string | undefined;
  channel?: string | undefined;
  status?: Schedule["status"] | undefined;
}

const FROM = "schedules s JOIN channels c ON c.id = s.channel_id JOIN users u ON u.id = s.user_id";
const MATCHES = `s.workspace_id = $1 AND ($2::text IS NULL OR s.agent_id = $2) AND ($3::text IS NULL OR s.user_id = $3)
  AND ($4::text IS NULL OR c.name = $4) AND ($5::text IS NULL OR s.status = $5)`;
const SELECT = `SELECT s.*, c.name AS channel, u.identifier, ${RUN_COLUMNS}
  FROM ${FROM}
  LEFT JOIN LATERAL (SELECT * FROM schedule_runs WHERE schedule_id = s.id ORDER BY due_at DESC LIMIT 1) r ON true
  ${RUN_OUTCOME}`;
const RUNS =
  "schedule_runs r JOIN schedules s ON s.id = r.schedule_id JOIN channels c ON c.id = s.channel_id";

interface Row extends ScheduleRow, RunRow {
  channel: string;
  identifier: string;
  created_at: Date;
  updated_at: Date;
  due_at: Date | null;
}

export type ScheduleQueries = ReturnType<typeof createScheduleQueries>;

/** Reads schedules for operators. */
export function createScheduleQueries(
  pool: Pool,
  deps: {
    /** True if the platforms of this channel kind report receipts. */
    hasReceipts(channelKind: string): boolean;
  },
) {
  const toView = (row: Row): ScheduleView => ({
    ...toSchedule(row),
    channel: row.channel,
    identifier: row.identifier,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    lastRun: row.due_at === null ? null : toRun(row, row.due_at, deps.hasReceipts(row.channel_kind)),
  });

  return {
    /** All runs of a schedule, newest first. */
    async runs(scheduleId: string, page: PageRequest): Promise<Slice<RunView>> {
      const [found, total] = await Promise.all([
        pool.query<RunRow & { id: string; due_at: Date }>(
          `SELECT r.id, ${RUN_COLUMNS} FROM ${RUNS} ${RUN_OUTCOME}
           WHERE r.schedule_id = $1 AND ($2::timestamptz IS NULL OR (r.due_at, r.id) < ($2, $3))
           ORDER BY r.due_at DESC, r.id DESC LIMIT $4 OFFSET $5`,
          [scheduleId, page.after?.at ?? null, page.after?.id ?? null, page.limit + 1, page.offset],
        ),
        countRows(pool, "schedule_runs", "schedule_id = $1", [scheduleId]),
      ]);
      const slice = toSlice(found.rows, page.limit, total, ({ due_at: at, id }) => ({ at, id }));
      const view = (row: (typeof found.rows)[number]) =>
        toRun(row, row.due_at, deps.hasReceipts(row.channel_kind));
      return { ...slice, rows: slice.rows.map(view) };
    },

    async find(workspaceId: string, id: string): Promise<ScheduleView | null> {
      const { rows } = await pool.query<Row>(`${SELECT} WHERE s.workspace_id = $1 AND s.id = $2`, [
        workspaceId,
        id,
      ]);
      return rows[0] ? toView(rows[0]) : null;
    },

    async list(workspaceId: string, filter: ScheduleFilter, page: PageRequest): Promise<Slice<ScheduleView>> {
      const matching = [
        workspaceId,
        filter.agentId ?? null,
        filter.userId ?? null,
        filter.channel ?? null,
        filter.status ?? null,
      ];
      const [found, total] = await Promise.all([
        pool.query<Row>(
          `${SELECT} WHERE ${MATCHES} AND ($6::timestamptz IS NULL OR (s.created_at, s.id) < ($6, $7))
           ORDER BY s.created_at DESC, s.id DESC LIMIT $8 OFFSET $9`,
          [...matching, page.after?.at ?? null, page.after?.id ?? null, page.limit + 1, page.offset],
        ),
        countRows(pool, FROM, MATCHES, matching),
      ]);
      return toSlice(found.rows.map(toView), page.limit, total, ({ createdAt: at, id }) => ({ at, id }));
    },
  };
}
