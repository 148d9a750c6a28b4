import type { Pool } from "pg";

/**
 * The rows of two events stay, because only the row prevents a second firing. These events are a new user, and a failed
 * delivery that may be retried. Every other event happens only once. A message is written once, a session ends once,
 * and a timer has its own counter.
 */
const SWEEP = `
  WITH old AS (
    SELECT l.id FROM event_log l
    WHERE l.ended_at >= $1 AND l.ended_at < now() - $2::int * interval '1 day' AND l.event <> 'user_joined'
      AND NOT (l.event = 'delivery_failed' AND EXISTS (SELECT 1 FROM deliveries d
        WHERE d.id = l.data->>'delivery_id' AND d.status NOT IN ('sent', 'delivered', 'read')))
    ORDER BY l.ended_at LIMIT $3 FOR UPDATE SKIP LOCKED)
  DELETE FROM event_log l USING old WHERE l.id = old.id RETURNING l.ended_at`;

const BATCH = 500;

/** Deletes old entries of the event log. */
export function createEventRetention(pool: Pool) {
  return {
    /**
     * Deletes in small batches, so that no transaction waits long. Returns the number of deleted rows. Any number of
     * processes may run it at once.
     */
    async sweep(keepDays: number, stop: AbortSignal): Promise<number> {
      let swept = 0;
      let from = new Date(0);
      while (!stop.aborted) {
        const { rows } = await pool.query<{ ended_at: Date }>(SWEEP, [from, keepDays, BATCH]);
        swept += rows.length;
        if (rows.length < BATCH) break;
        from = new Date(Math.max(...rows.map((row) => row.ended_at.getTime())));
      }
      return swept;
    },
  };
}
