import type { Pool, PoolClient } from "pg";
import { nextRun } from "../core/recurrence.ts";
import type { LaterSaying } from "../core/saying.ts";
import { ensureUser } from "../storage/ensure-user.ts";
import { inTransaction } from "../storage/transaction.ts";
import {
  type MadeBy,
  SCHEDULE_COLUMNS,
  type Schedule,
  type ScheduleChanges,
  type ScheduleRow,
  toColumns,
  toSchedule,
} from "./schedule.ts";

type NewSchedule = Omit<Schedule, "status" | "runs">;

export type ScheduleRepository = ReturnType<typeof createScheduleRepository>;

/** Schedules as rows. */
export function createScheduleRepository(pool: Pool) {
  return {
    add: (schedule: NewSchedule) => addSchedule(pool, schedule),

    /** Who a schedule is for, made where they are new. */
    user: (channel: { id: string; workspaceId: string }, identifier: string) =>
      ensureUser(pool, channel, identifier),

    /** Changes a schedule that is not over. Null: it is over, or not there. */
    change: (workspaceId: string, id: string, decide: (current: Schedule) => ScheduleChanges) =>
      inTransaction(pool, (client) => changeSchedule(client, workspaceId, id, decide)),

    /** Nothing more is put down, and what was not sent yet is skipped. False: there is no such schedule. */
    cancel: (workspaceId: string, id: string) =>
      inTransaction(pool, (client) => cancelSchedule(client, workspaceId, id)),
  };
}

/** The same within a transaction that does more. */
export async function changeSchedule(
  client: PoolClient,
  workspaceId: string,
  id: string,
  decide: (current: Schedule) => ScheduleChanges,
): Promise<Schedule | null> {
  const current = await lock(client, workspaceId, id);
  if (current?.status !== "active" && current?.status !== "paused") return null;
  const next: Schedule = { ...current, ...decide(current) };
  const now = new Date();
  const moved = nextRun(next.recurrence, now);
  // An active one that is due this very moment stays due; a paused one forgets what it missed.
  const overdue = current.status === "active" && current.nextRunAt !== null && current.nextRunAt <= now;
  const kept = overdue && next.recurrence === current.recurrence ? current.nextRunAt : moved;
  const status = next.status === "active" && isOver(next, kept) ? "completed" : next.status;
  const nextRunAt = status === "active" ? kept : null;
  const assignments = SCHEDULE_COLUMNS.map((name, index) => `${name} = $${index + 4}`);
  await client.query(
    `UPDATE schedules SET status = $2, next_run_at = $3, updated_at = now(), ${assignments.join(", ")} WHERE id = $1`,
    [id, status, nextRunAt, ...toColumns(next)],
  );
  return { ...next, status, nextRunAt };
}

/** Nothing more is to come: its time passed while it was paused, or it was sent often enough. */
function isOver({ maxRuns, runs }: Schedule, nextAt: Date | null): boolean {
  return nextAt === null || (maxRuns !== null && runs >= maxRuns);
}

export async function cancelSchedule(client: PoolClient, workspaceId: string, id: string): Promise<boolean> {
  const { rowCount } = await client.query(
    `UPDATE schedules SET status = CASE WHEN status IN ('active', 'paused') THEN 'cancelled' ELSE status END,
       next_run_at = NULL, updated_at = now() WHERE workspace_id = $1 AND id = $2`,
    [workspaceId, id],
  );
  if (rowCount === 0) return false;
  await client.query(
    "UPDATE schedule_runs SET status = 'skipped', reason = 'cancelled' WHERE schedule_id = $1 AND status = 'pending'",
    [id],
  );
  return true;
}

/** Adding the same id again changes nothing. */
export async function addSchedule(database: Pool | PoolClient, schedule: NewSchedule): Promise<void> {
  const columns = [
    "id",
    "workspace_id",
    "agent_id",
    "channel_id",
    "user_id",
    "made_by",
    "next_run_at",
    ...SCHEDULE_COLUMNS,
  ];
  const { id, workspaceId, agentId, channelId, userId, madeBy, nextRunAt } = schedule;
  await database.query(
    `INSERT INTO schedules (${columns.join(", ")}) VALUES (${columns.map((_, index) => `$${index + 1}`).join(", ")})
     ON CONFLICT (id) DO NOTHING`,
    [id, workspaceId, agentId, channelId, userId, madeBy, nextRunAt, ...toColumns(schedule)],
  );
}

/** A message for later as a schedule: of one time, unless it repeats. */
export function laterSchedule(message: {
  id: string;
  workspaceId: string;
  agentId: string;
  channelId: string;
  userId: string;
  madeBy: MadeBy;
  later: LaterSaying;
}): NewSchedule {
  const { later, ...whose } = message;
  const { at, saying, name = null, repeats } = later;
  return {
    ...whose,
    name,
    saying,
    recurrence: repeats?.recurrence ?? { kind: "at", startsAt: at, endsAt: null, timezone: "UTC" },
    maxRuns: repeats?.maxRuns ?? null,
    graceMs: null,
    nextRunAt: at,
  };
}

async function lock(client: PoolClient, workspaceId: string, id: string): Promise<Schedule | null> {
  const { rows } = await client.query<ScheduleRow>(
    "SELECT * FROM schedules WHERE workspace_id = $1 AND id = $2 FOR UPDATE",
    [workspaceId, id],
  );
  return rows[0] ? toSchedule(rows[0]) : null;
}
