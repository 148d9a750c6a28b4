import type { Pool } from "pg";

const SENDER_DIED = "the process that was sending this died before it recorded the outcome";

/** Deliveries that nothing works on any more. */
export function createStrandedRepository(pool: Pool) {
  return {
    /**
     * Deliveries whose sender died between sending and recording become `unknown`, because nobody can tell if they
     * arrived. They are sent again, marked as a possible duplicate.
     */
    async expireClaims(options: { all: boolean }): Promise<void> {
      await pool.query(
        `WITH expired AS (
           UPDATE deliveries SET status = 'unknown', possible_duplicate = true, claimed_by = NULL, claimed_until = NULL,
             next_attempt_at = now(), updated_at = now(), error_code = 'sender_died', error = $2
           WHERE status = 'sending' AND ($1 OR claimed_until < now())
           RETURNING id, session_id, attempts, error_code, error)
         INSERT INTO incidents (session_id, subject_id, attempt, code, reason, outcome)
         SELECT session_id, id, attempts, error_code, error, 'unknown' FROM expired
         WHERE session_id IS NOT NULL`,
        [options.all, SENDER_DIED],
      );
    },

    /** Due deliveries that no job seems to handle, after a crash or a wiped queue. */
    async stranded(options: {
      graceMs: number;
      limit: number;
    }): Promise<{ id: string; channelId: string }[]> {
      const { rows } = await pool.query<{ id: string; channel_id: string }>(
        `SELECT d.id, d.channel_id FROM deliveries d JOIN channels c ON c.id = d.channel_id
         WHERE d.status IN ('queued', 'unknown') AND (c.paused_until IS NULL OR c.paused_until <= now())
           AND d.next_attempt_at < now() - $1::int * interval '1 millisecond'
         ORDER BY d.ordinal LIMIT $2`,
        [options.graceMs, options.limit],
      );
      return rows.map((row) => ({ id: row.id, channelId: row.channel_id }));
    },
  };
}
