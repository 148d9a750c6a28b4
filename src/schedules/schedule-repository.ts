import type { Pool, PoolClient } from "pg";
import type { LaterMessage } from "../core/message/unprompted-message.ts";
import { nextRun } from "../core/schedule/recurrence.ts";
import { inTransaction } from "../storage/transaction.ts";
import { ensureUser } from "../users/ensure-user-repository.ts";
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

export function createScheduleRepository(pool: Pool) {
  return {
    add: (schedule: NewSchedule) => addSchedule(pool, schedule),

    /** The id of the user of a schedule. Creates a user who is new. */
    user: (channel: { id: string; workspaceId: string }, identifier: string) =>
      ensureUser(pool, channel, identifier),

    /** Changes a schedule that has not ended. Null: it has ended or does not exist. */
    change: (workspaceId: string, id: string, decide: (current: Schedule) => ScheduleChanges) =>
      inTransaction(pool, (client) => changeSchedule(client, workspaceId, id, decide)),

    /** Cancels a schedule: no more runs are created, and unsent runs are skipped. False: there is no such schedule. */
    cancel: (workspaceId: string, id: string) =>
      inTransaction(pool, (client) => cancelSchedule(client, workspaceId, id)),
  };
}

/** Changes a schedule within a larger transaction. */
export async function changeSchedule(
  client: PoolClient,
  workspaceId: string,
  id: string,
  decide: (current: Schedule) => ScheduleChanges,
): Promise<Schedule | null> {
  const current = await lock(client, workspaceId, id);
  if (current?.status !== "active" && current?.status !== "paused") return null;
  // Read the clock before the decision. A time that is only just in the future then still counts as future below.
  const now = new Date();
  const next: Schedule = { ...current, ...decide(current) };
  const moved = nextRun(next.recurrence, now);
  // An active schedule that is due right now stays due. A paused one drops its missed runs.
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

/** True if no run is left: its time passed during a pause, or it has had all its runs. */
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

/**
 * Adds a schedule. A repeated call with the same id changes nothing. It stores the session only for anonymous visitors.
 */
export async function addSchedule(database: Pool | PoolClient, schedule: NewSchedule): Promise<void> {
  const { id, workspaceId, agentId, channelId, userId, sessionId, madeBy, nextRunAt } = schedule;
  const places = SCHEDULE_COLUMNS.map((_, index) => `$${index + 9}`);
  await database.query(
    `INSERT INTO schedules (id, workspace_id, agent_id, channel_id, user_id, session_id, made_by, next_run_at,
       ${SCHEDULE_COLUMNS.join(", ")})
     VALUES ($1, $2, $3, $4, $5, (SELECT $6::text FROM users WHERE id = $5 AND anonymous), $7, $8, ${places.join(", ")})
     ON CONFLICT (id) DO NOTHING`,
    [id, workspaceId, agentId, channelId, userId, sessionId, madeBy, nextRunAt, ...toColumns(schedule)],
  );
}

/** Converts a message for later into a schedule. It has one run, unless the message repeats. */
export function laterSchedule(asked: {
  id: string;
  workspaceId: string;
  agentId: string;
  channelId: string;
  userId: string;
  /** The session in which it was created; null for none. */
  sessionId: string | null;
  madeBy: MadeBy;
  later: LaterMessage;
}): NewSchedule {
  const { later, ...whose } = asked;
  const { at, message, name = null, repeats } = later;
  return {
    ...whose,
    name,
    message,
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
