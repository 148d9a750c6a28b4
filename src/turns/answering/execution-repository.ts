import type { Pool } from "pg";
import { asMerged, type LogEntry, startOfAttempt } from "../../core/session/turn-log.ts";
import { storableText } from "../../core/text/text.ts";
import { inTransaction } from "../../storage/transaction.ts";
import type { StoredStream } from "../streams/stream-notices.ts";

export type ExecutionRepository = ReturnType<typeof createExecutionRepository>;

/** Executions for streams and cancels. */
export function createExecutionRepository(pool: Pool) {
  return {
    /** The stored stream of an execution. An execution answered together with another one has that one's stream. */
    async storedStream(executionId: string): Promise<StoredStream | null> {
      const { rows } = await pool.query<StoredRow>(
        `SELECT coalesce(m.status, e.status) AS status, coalesce(m.log, e.log) AS log, e.error AS reason,
           e.error_code AS code, e.user_message_id, m.id IS NOT NULL AS merged
         FROM executions e LEFT JOIN executions m ON m.id = e.merged_into WHERE e.id = $1`,
        [executionId],
      );
      const row = rows[0];
      if (!row) return null;
      if (row.status === "pending" || row.status === "running") return { ended: false };
      const log = row.log ?? unkeptLog(executionId, row);
      return { ended: true, log: row.merged ? asMerged(log) : log };
    },

    /**
     * Asks for an execution to stop. If nothing works on its lane, it is cancelled here at once. If the lane is held,
     * only the holder may write there, so the holder cancels it.
     */
    requestCancel(executionId: string): Promise<"cancelled" | "running" | "ended"> {
      return inTransaction(pool, async (client) => {
        const { rows } = await client.query<{
          status: string;
          held: boolean;
          session_id: string;
          seq: number;
        }>(
          `SELECT e.status, (s.lease_owner IS NOT NULL AND s.lease_expires_at > now()) AS held, e.session_id, e.seq
           FROM executions e JOIN sessions s ON s.id = e.session_id WHERE e.id = $1 FOR UPDATE`,
          [executionId],
        );
        const row = rows[0];
        if (!row || (row.status !== "pending" && row.status !== "running")) return "ended";
        await client.query("UPDATE executions SET cancel_requested_at = now() WHERE id = $1", [executionId]);
        if (row.held) return "running";
        // The lane skips it: when its turn comes, a cancelled execution's message counts as answered.
        await client.query(
          `UPDATE executions SET status = 'cancelled', ended_at = now(), error_code = 'cancelled', error = 'cancelled by request'
           WHERE id = $1`,
          [executionId],
        );
        return "cancelled";
      });
    },

    /** Stores an incident of a turn, for its trail. */
    async noteIncident(incident: TurnIncident): Promise<void> {
      const { sessionId, executionId, at, attempt, code, reason, outcome, retryInMs } = incident;
      await pool.query(
        `INSERT INTO incidents (session_id, subject_id, at, attempt, code, reason, outcome, next_at)
         SELECT $1, $2, $3, $4, $5, $6, $7, $3::timestamptz + $8::float8 * interval '1 millisecond'
         WHERE EXISTS (SELECT 1 FROM sessions WHERE id = $1)`,
        [sessionId, executionId, at, attempt, code, storableText(reason), outcome, retryInMs],
      );
    },

    /** Running executions of the conversation with this address, and those whose voice message is being heard. */
    async runningAt(channelId: string, address: string): Promise<string[]> {
      const { rows } = await pool.query<{ id: string }>(
        `SELECT e.id FROM executions e JOIN sessions s ON s.id = e.session_id
           LEFT JOIN messages m ON m.id = e.user_message_id
         WHERE s.channel_id = $1 AND s.address = $2 AND s.status = 'active' AND (e.status = 'running'
           OR e.status = 'pending' AND m.listen_attempts > 0 AND m.listened_at IS NULL AND s.lease_expires_at > now())`,
        [channelId, address],
      );
      return rows.map((row) => row.id);
    },
  };
}

/** A failure of the bot, or the end of the process that asked it. */
export interface TurnIncident {
  sessionId: string;
  executionId: string;
  at: Date;
  /** Counted from 1. */
  attempt: number;
  code: string;
  reason: string;
  outcome: "retry" | "failed";
  /** Null if it is not tried again, or was tried again at once. */
  retryInMs: number | null;
}

interface StoredRow {
  status: string;
  log: LogEntry[] | null;
  reason: string | null;
  code: string | null;
  user_message_id: string | null;
  merged: boolean;
}

/** The attempt number of an end from outside, which comes after everything that followers saw. */
const ENDED_ATTEMPT = 1_000_000;

/** The stream of an execution that ended from outside. It begins and ends as every stream does. */
function unkeptLog(executionId: string, row: StoredRow): LogEntry[] {
  const begin = { execution_id: executionId, user_message_id: row.user_message_id };
  const end = { message: row.reason ?? "cancelled", code: row.code ?? "cancelled" };
  return [
    { type: "execution", data: begin },
    { type: "error", data: end, after: startOfAttempt(ENDED_ATTEMPT) },
  ];
}
