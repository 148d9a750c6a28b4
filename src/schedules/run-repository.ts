import type { Pool, PoolClient } from "pg";
import { newId } from "../core/ids.ts";
import type { UnpromptedMessage } from "../core/message/unprompted-message.ts";
import type { JsonObject } from "../core/text/json.ts";
import { inTransaction } from "../storage/transaction.ts";
import { dueRuns } from "./due-runs.ts";
import { type ScheduleRow, toSchedule, toStoredMessage } from "./schedule.ts";

/** A run that this process claimed to send. */
export interface ClaimedRun {
  id: string;
  attempts: number;
  channelId: string;
  agentId: string;
  identifier: string;
  /** The session that must receive it. Null: the session that the user's messages go to. */
  sessionId: string | null;
  participantData: JsonObject;
  message: UnpromptedMessage;
  scheduleId: string;
}

type ClaimedRow = Pick<
  ScheduleRow,
  "channel_id" | "agent_id" | "session_id" | "prompt" | "text" | "format" | "buttons" | "attachments"
> & { id: string; attempts: number; schedule_id: string; identifier: string; data: JsonObject };

/** Number of attempts for a run that fails, for example while its channel is disabled. */
const ATTEMPTS = 8;
/** A claim expires after this time, in milliseconds. */
const LEASE_MS = 60_000;

export type RunRepository = ReturnType<typeof createRunRepository>;

/** Stores the runs of schedules. Every write of a run is safe to repeat. */
export function createRunRepository(pool: Pool, identity: { owner: string }) {
  return {
    /**
     * True if a schedule is due or a run waits to be sent. Usually neither is true, and then this is the only query.
     */
    async isDue(): Promise<boolean> {
      const { rowCount } = await pool.query({
        name: "schedules_due",
        text: `SELECT 1 WHERE EXISTS (SELECT 1 FROM schedules WHERE status = 'active' AND next_run_at <= now())
          OR EXISTS (SELECT 1 FROM schedule_runs WHERE status = 'pending' AND next_attempt_at <= now())`,
      });
      return (rowCount ?? 0) > 0;
    },

    /** Creates the runs that are due, each once. Returns the number of due schedules. */
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

    /** Claims runs to send now. */
    async claim(limit: number): Promise<ClaimedRun[]> {
      const { rows } = await pool.query<ClaimedRow>(
        `WITH ready AS (
           SELECT id FROM schedule_runs WHERE status = 'pending' AND next_attempt_at <= now()
           ORDER BY next_attempt_at LIMIT $1 FOR UPDATE SKIP LOCKED),
         claimed AS (
           UPDATE schedule_runs r SET attempts = attempts + 1, claimed_by = $3,
             next_attempt_at = now() + $2::int * interval '1 millisecond'
           FROM ready WHERE r.id = ready.id RETURNING r.id, r.attempts, r.schedule_id)
         SELECT c.id, c.attempts, s.id AS schedule_id, s.channel_id, s.agent_id, s.prompt, s.text, s.format, s.buttons, s.attachments,
           u.identifier,
           CASE WHEN s.made_by = 'bot' OR o.status = 'active' THEN s.session_id END AS session_id,
           coalesce(p.data, '{}') AS data
         FROM claimed c JOIN schedules s ON s.id = c.schedule_id JOIN users u ON u.id = s.user_id
         LEFT JOIN sessions o ON o.id = s.session_id
         LEFT JOIN participant_data p ON p.owner_id IN (s.user_id, s.session_id) AND p.agent_id = s.agent_id`,
        [limit, LEASE_MS, identity.owner],
      );
      return rows.map((row) => ({
        id: row.id,
        attempts: row.attempts,
        scheduleId: row.schedule_id,
        channelId: row.channel_id,
        agentId: row.agent_id,
        identifier: row.identifier,
        sessionId: row.session_id,
        participantData: row.data,
        message: toStoredMessage(row),
      }));
    },

    /** Releases claims of this process that it does not know, since it did not send those runs. */
    async releaseOthers(held: readonly string[]): Promise<void> {
      await pool.query(
        `UPDATE schedule_runs SET attempts = attempts - 1, next_attempt_at = now(), claimed_by = NULL
         WHERE status = 'pending' AND claimed_by = $1 AND id <> ALL($2)`,
        [identity.owner, held],
      );
    },

    /** Makes every claimed run due at once. Only safe if no other process can be alive. */
    async releaseAll(): Promise<void> {
      await pool.query(
        "UPDATE schedule_runs SET next_attempt_at = now(), claimed_by = NULL WHERE status = 'pending' AND claimed_by IS NOT NULL",
      );
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

    /** Postpones a run that must wait. This does not count as a failure. */
    async wait(run: ClaimedRun, until: Date, reason: string): Promise<void> {
      await pool.query(
        `UPDATE schedule_runs SET next_attempt_at = $2, reason = $3, attempts = $4::int - 1, claimed_by = NULL
         WHERE id = $1 AND status = 'pending' AND attempts = $4 AND claimed_by = $5`,
        [run.id, until, reason, run.attempts, identity.owner],
      );
    },

    /** Records that the user cannot be reached. The run is not sent, and the bot is not called. */
    async unreachable(run: ClaimedRun, reason: string): Promise<void> {
      await pool.query(
        "UPDATE schedule_runs SET status = 'unreachable', reason = $2 WHERE id = $1 AND status = 'pending'",
        [run.id, reason],
      );
    },

    /** Schedules another attempt with a growing delay. Gives up after the last one. */
    async failed(run: ClaimedRun, reason: string): Promise<void> {
      await pool.query(
        `UPDATE schedule_runs SET reason = $2, status = CASE WHEN attempts >= $3 THEN 'failed' ELSE status END,
           next_attempt_at = now() + $4::int * interval '1 millisecond', claimed_by = NULL
         WHERE id = $1 AND status = 'pending'`,
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
