import type { Pool } from "pg";

/** Counts of waiting work in all workspaces. Ages are in seconds, and 0 if nothing waits. */
export interface WaitingWork {
  waitingSessions: number;
  waitingDeliveries: number;
  /** Deliveries that were sent, but whose arrival is unknown. */
  unknownDeliveries: number;
  oldestMessageSeconds: number;
  oldestDeliverySeconds: number;
  /** Conversations that wait for a person, and those in which one answers. */
  requestedHandoffs: number;
  takenHandoffs: number;
  /** The longest time that a user waits for a person to take over; zero if nobody waits. */
  oldestHandoffSeconds: number;
}

/**
 * Counts the waiting work. Each part reads a partial index that holds only the waiting rows. So the cost depends on the
 * backlog, not on the size of the tables.
 * A session counts once `waits` marks it, so bring that up to date before.
 * The age of the oldest message comes from at most 2,000 waiting sessions, those without a lease first. That is enough,
 * because the messages of a burst have about the same age.
 */
const COUNT = `
  SELECT (SELECT count(*)::int FROM sessions WHERE waits AND inbound_seq > answered_seq) AS sessions,
    (SELECT count(*)::int FROM deliveries WHERE status = 'queued')
      + (SELECT count(*)::int FROM deliveries WHERE status = 'sending') AS deliveries,
    (SELECT count(*)::int FROM deliveries WHERE status = 'unknown') AS unknown,
    (SELECT extract(epoch FROM now() - min(m.created_at))::float8 FROM (
      SELECT id, answered_seq FROM sessions WHERE waits AND inbound_seq > answered_seq
      ORDER BY lease_expires_at NULLS FIRST LIMIT 2000) s
      CROSS JOIN LATERAL (SELECT created_at FROM messages WHERE session_id = s.id AND seq > s.answered_seq
        AND origin IN ('user', 'instruction', 'command') ORDER BY seq LIMIT 1) m) AS message_age,
    (SELECT extract(epoch FROM now() - min(next_attempt_at))::float8 FROM deliveries
      WHERE status = 'queued' AND next_attempt_at <= now()) AS delivery_age,
    h.requested, h.taken, h.age AS handoff_age
  FROM (SELECT count(*) FILTER (WHERE state = 'requested')::int AS requested,
      count(*) FILTER (WHERE state = 'taken')::int AS taken,
      extract(epoch FROM now() - min(requested_at) FILTER (WHERE state = 'requested'))::float8 AS age
    FROM handoffs WHERE state <> 'released') h`;

interface CountRow {
  sessions: number;
  deliveries: number;
  unknown: number;
  message_age: number | null;
  delivery_age: number | null;
  requested: number;
  taken: number;
  handoff_age: number | null;
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
    requestedHandoffs: found?.requested ?? 0,
    takenHandoffs: found?.taken ?? 0,
    oldestHandoffSeconds: found?.handoff_age ?? 0,
  };
}
