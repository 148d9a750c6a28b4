import type { Pool } from "pg";

/** What waits, in all workspaces. Ages in seconds, 0 where nothing waits. */
export interface WaitingWork {
  waitingSessions: number;
  waitingDeliveries: number;
  /** Sent, but whether they arrived is not known. */
  unknownDeliveries: number;
  oldestMessageSeconds: number;
  oldestDeliverySeconds: number;
}

/**
 * Counts what waits. Each part reads a partial index over just those rows, so it costs what waits, not what there is.
 * Of very many waiting sessions the first few thousand that nobody works on are looked at for the oldest message: a
 * burst is of one age.
 */
const COUNT = `
  SELECT (SELECT count(*)::int FROM sessions WHERE inbound_seq > answered_seq) AS sessions,
    (SELECT count(*)::int FROM deliveries WHERE status = 'queued')
      + (SELECT count(*)::int FROM deliveries WHERE status = 'sending') AS deliveries,
    (SELECT count(*)::int FROM deliveries WHERE status = 'unknown') AS unknown,
    (SELECT extract(epoch FROM now() - min(m.created_at))::float8 FROM (
      SELECT id, answered_seq FROM sessions WHERE inbound_seq > answered_seq
      ORDER BY lease_expires_at NULLS FIRST LIMIT 2000) s
      CROSS JOIN LATERAL (SELECT created_at FROM messages WHERE session_id = s.id AND seq > s.answered_seq
        AND origin IN ('user', 'instruction', 'command') ORDER BY seq LIMIT 1) m) AS message_age,
    (SELECT extract(epoch FROM now() - min(next_attempt_at))::float8 FROM deliveries
      WHERE status = 'queued' AND next_attempt_at <= now()) AS delivery_age`;

interface CountRow {
  sessions: number;
  deliveries: number;
  unknown: number;
  message_age: number | null;
  delivery_age: number | null;
}

export async function countBacklog(pool: Pool): Promise<WaitingWork> {
  const { rows } = await pool.query<CountRow>(COUNT);
  const [found] = rows;
  return {
    waitingSessions: found?.sessions ?? 0,
    waitingDeliveries: found?.deliveries ?? 0,
    unknownDeliveries: found?.unknown ?? 0,
    oldestMessageSeconds: found?.message_age ?? 0,
    oldestDeliverySeconds: found?.delivery_age ?? 0,
  };
}
