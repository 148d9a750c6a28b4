import type { Pool, PoolClient } from "pg";
import { newId } from "../core/ids.ts";
import type { JsonObject } from "../core/json.ts";
import type { Saying } from "../core/saying.ts";
import { inTransaction } from "../storage/transaction.ts";
import { dueRuns } from "./due-runs.ts";
import { type ScheduleRow, toSchedule, toStoredSaying } from "./schedule.ts";

/** A run that this process sends. */
export interface ClaimedRun {
  id: string;
  attempts: number;
  channelId: string;
  agentId: string;
  identifier: string;
  participantData: JsonObject;
  saying: Saying;
  scheduleId: string;
}

/** Tries of a run that could not be put down, such as while its channel is off. */
const ATTEMPTS = 8;
/** When whoever puts a run down is presumed dead, milliseconds. */
const LEASE_MS = 60_000;

export type RunRepository = ReturnType<typeof createRunRepository>;

/** What comes of schedules: their runs as rows. */
export function createRunRepository(pool: Pool) {
  return {
    /** Whether a schedule has come due or a run waits to be sent: nearly always neither has, and this is all it costs. */
    async isDue(): Promise<boolean> {
      const { rowCount } = await pool.query({
        name: "schedules_due",
        text: `SELECT 1 WHERE EXISTS (SELECT 1 FROM schedules WHERE status = 'active' AND next_run_at <= now())
          OR EXISTS (SELECT 1 FROM schedule_runs WHERE status = 'pending' AND next_attempt_at <= now())`,
      });
      return (rowCount ?? 0) > 0;
    },

    /** Puts down the runs that are due, each once. How many schedules were. */
    comeDue(limit: number): Promise<number> {
      return inTransaction(pool, async (client) => {
        const { rows } = await client.query<ScheduleRow & { now: Date }>(
          `SELECT *, now() AS now FROM schedules WHERE status = 'active' AND next_run_at <= now()
           ORDER BY next_run_at LIMIT $1 FOR UPDATE SKIP LOCKED`,
          [limit],
        );
        for (const row of rows) {
          const schedule = toSchedule(row);
          if (schedule.nextRunAt === null) continue;
          const due = dueRuns({ ...schedule, nextRunAt: schedule.nextRunAt }, row.now);
          for (const run of due.runs) await addRun(client, schedule.id, run);
          await client.query(
            `UPDATE schedules SET next_run_at = $2, runs = runs + $3, updated_at = now(),
               status = CASE WHEN $2::timestamptz IS NULL THEN 'completed' ELSE status END WHERE id = $1`,
            [schedule.id, due.nextRunAt, due.runs.filter(({ skipped }) => skipped === null).length],
          );
        }
        return rows.length;
      });
    },

    /** Runs to send now. */
    async claim(limit: number): Promise<ClaimedRun[]> {
      const { rows } = await pool.query(
        `WITH ready AS (
           SELECT id FROM schedule_runs WHERE status = 'pending' AND next_attempt_at <= now()
           ORDER BY next_attempt_at LIMIT $1 FOR UPDATE SKIP LOCKED),
         claimed AS (
           UPDATE schedule_runs r SET attempts = attempts + 1, next_attempt_at = now() + $2::int * interval '1 millisecond'
           FROM ready WHERE r.id = ready.id RETURNING r.id, r.attempts, r.schedule_id)
         SELECT c.id, c.attempts, s.id AS schedule_id, s.channel_id, s.agent_id, s.prompt, s.text, s.buttons, s.attachments, u.identifier,
           coalesce(p.data, '{}') AS data
         FROM claimed c JOIN schedules s ON s.id = c.schedule_id JOIN users u ON u.id = s.user_id
         LEFT JOIN participant_data p ON p.user_id = u.id AND p.agent_id = s.agent_id`,
        [limit, LEASE_MS],
      );
      return rows.map((row) => ({
        id: row.id,
        attempts: row.attempts,
        scheduleId: row.schedule_id,
        channelId: row.channel_id,
        agentId: row.agent_id,
        identifier: row.identifier,
        participantData: row.data,
        saying: toStoredSaying(row),
      }));
    },

    async sent(
      run: ClaimedRun,
      said: { sessionId: string; messageId: string; executionId: string | null },
    ): Promise<void> {
      await pool.query(
        `UPDATE schedule_runs SET status = 'sent', reason = NULL, session_id = $2, message_id = $3, execution_id = $4
         WHERE id = $1 AND status = 'pending'`,
        [run.id, said.sessionId, said.messageId, said.executionId],
      );
    },

    /** Not now: nothing failed, but it has to wait. */
    async wait(run: ClaimedRun, until: Date, reason: string): Promise<void> {
      await pool.query(
        `UPDATE schedule_runs SET next_attempt_at = $2, reason = $3, attempts = attempts - 1
         WHERE id = $1 AND status = 'pending'`,
        [run.id, until, reason],
      );
    },

    /** Whoever it is for cannot be written to: it is not sent, and the bot was not asked. */
    async unreachable(run: ClaimedRun, reason: string): Promise<void> {
      await pool.query(
        "UPDATE schedule_runs SET status = 'unreachable', reason = $2 WHERE id = $1 AND status = 'pending'",
        [run.id, reason],
      );
    },

    /** Tries again with growing patience, and gives up at the end. */
    async failed(run: ClaimedRun, reason: string): Promise<void> {
      await pool.query(
        `UPDATE schedule_runs SET reason = $2, status = CASE WHEN attempts >= $3 THEN 'failed' ELSE status END,
           next_attempt_at = now() + $4::int * interval '1 millisecond' WHERE id = $1 AND status = 'pending'`,
        [run.id, reason, ATTEMPTS, 1_000 * 2 ** run.attempts],
      );
    },
  };
}

async function addRun(
  client: PoolClient,
  scheduleId: string,
  run: { dueAt: Date; skipped: string | null },
): Promise<void> {
  await client.query(
    `INSERT INTO schedule_runs (id, schedule_id, due_at, status, reason) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (schedule_id, due_at) DO NOTHING`,
    [newId(), scheduleId, run.dueAt, run.skipped === null ? "pending" : "skipped", run.skipped],
  );
}
