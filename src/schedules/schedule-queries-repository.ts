import type { Pool } from "pg";
import { type PageRequest, type Slice, toSlice } from "../core/page.ts";
import { countRows } from "../storage/row-count.ts";
import { type Schedule, type ScheduleRow, toSchedule } from "./schedule.ts";

/** What became of a run: `delivered` is only what its platform took. */
export type RunStatus =
  | "pending"
  | "answering"
  | "delivering"
  | "delivered"
  | "failed"
  | "skipped"
  | "unreachable";

export interface RunView {
  dueAt: Date;
  status: RunStatus;
  reason: string | null;
  sessionId: string | null;
  executionId: string | null;
  deliveryIds: string[];
}

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
const SELECT = `SELECT s.*, c.name AS channel, u.identifier, r.due_at, r.status AS run_status, r.reason AS run_reason,
    r.session_id AS run_session, r.execution_id AS run_execution, e.status AS execution_status, e.error AS execution_error,
    d.ids AS delivery_ids, d.arrived, d.lost, d.error AS delivery_error
  FROM ${FROM}
  LEFT JOIN LATERAL (SELECT * FROM schedule_runs WHERE schedule_id = s.id ORDER BY due_at DESC LIMIT 1) r ON true
  LEFT JOIN executions e ON e.id = r.execution_id
  LEFT JOIN LATERAL (
    SELECT array_agg(d.id ORDER BY d.ordinal) AS ids, bool_and(d.status IN ('sent', 'delivered', 'read')) AS arrived,
      bool_or(d.status = 'failed') AS lost, max(d.error) AS error
    FROM messages m JOIN deliveries d ON d.message_id = m.id
    WHERE m.session_id = r.session_id AND (m.id = r.message_id OR m.execution_id = r.execution_id)) d ON true`;

interface Row extends ScheduleRow {
  channel: string;
  identifier: string;
  created_at: Date;
  updated_at: Date;
  due_at: Date | null;
  run_status: "pending" | "sent" | "skipped" | "failed" | "unreachable";
  run_reason: string | null;
  run_session: string | null;
  run_execution: string | null;
  execution_status: string | null;
  execution_error: string | null;
  delivery_ids: string[] | null;
  arrived: boolean | null;
  lost: boolean | null;
  delivery_error: string | null;
}

export type ScheduleQueries = ReturnType<typeof createScheduleQueries>;

/** Schedules as operators look at them. */
export function createScheduleQueries(pool: Pool) {
  return {
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

function toView(row: Row): ScheduleView {
  return {
    ...toSchedule(row),
    channel: row.channel,
    identifier: row.identifier,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    lastRun: row.due_at === null ? null : toRun(row, row.due_at),
  };
}

function toRun(row: Row, dueAt: Date): RunView {
  return {
    dueAt,
    status: statusOf(row),
    reason: row.run_reason ?? row.execution_error ?? row.delivery_error,
    sessionId: row.run_session,
    executionId: row.run_execution,
    deliveryIds: row.delivery_ids ?? [],
  };
}

function statusOf(row: Row): RunStatus {
  if (row.run_status !== "sent") return row.run_status;
  if (row.execution_status === "failed" || row.execution_status === "cancelled" || row.lost) return "failed";
  if (row.execution_status === "pending" || row.execution_status === "running") return "answering";
  // Where sessions are their own address nothing has to be sent: stored is delivered.
  return row.delivery_ids === null || row.arrived ? "delivered" : "delivering";
}
