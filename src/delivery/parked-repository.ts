import type { Pool } from "pg";

/** Maximum time that a delivery waits for the user to write again. Later it would only surprise them. */
const PARKED_FOR = "7 days";

/** Parked: queued, and due only when the user writes again. */
const PARKED = "d.status = 'queued' AND d.next_attempt_at IS NULL";

export type ParkedRepository = ReturnType<typeof createParkedRepository>;

/** Deliveries that wait for the user. */
export function createParkedRepository(pool: Pool) {
  return {
    /** The user at an address wrote, so the deliveries that wait for that become due. Returns their ids, in order. */
    async release(channelId: string, address: string): Promise<string[]> {
      const { rows } = await pool.query<{ id: string }>(
        `WITH due AS (UPDATE deliveries d SET next_attempt_at = now(), updated_at = now()
           WHERE d.channel_id = $1 AND d.address = $2 AND ${PARKED} RETURNING d.id, d.ordinal)
         SELECT id FROM due ORDER BY ordinal`,
        [channelId, address],
      );
      return rows.map((row) => row.id);
    },

    /**
     * The same for missed messages: stored while the delivery was being parked, or by a process that died then. Older
     * messages do not count, because the platform refused the send in spite of them. Neither do late ones, which were
     * written long before they arrived.
     */
    async releaseMissed(): Promise<{ id: string; channelId: string }[]> {
      const { rows } = await pool.query<{ id: string; channel_id: string }>(
        `UPDATE deliveries d SET next_attempt_at = now(), updated_at = now()
         WHERE ${PARKED} AND EXISTS (
           SELECT 1 FROM users u JOIN sessions s ON s.user_id = u.id JOIN messages m ON m.session_id = s.id
           WHERE u.channel_id = d.channel_id AND u.identifier = d.address AND m.origin IN ('user', 'command')
             AND s.last_activity_at >= coalesce(d.parked_since, d.updated_at)
             AND m.created_at > coalesce(d.parked_since, d.updated_at)
             AND coalesce(m.sent_at, m.created_at) > coalesce(d.parked_since, d.updated_at) - interval '1 minute'
             AND EXISTS (SELECT 1 FROM inbound_events e WHERE e.message_id = m.id AND e.event_key NOT LIKE 'api:%'))
         RETURNING d.id, d.channel_id`,
      );
      return rows.map((row) => ({ id: row.id, channelId: row.channel_id }));
    },

    /** Gives up deliveries that have waited too long. */
    async expire(): Promise<void> {
      await pool.query(
        `UPDATE deliveries d SET status = 'failed', updated_at = now(),
           error = 'the user did not write for ${PARKED_FOR} after this was to be sent: ' || coalesce(d.error, '')
         WHERE ${PARKED} AND d.updated_at < now() - interval '${PARKED_FOR}'`,
      );
    },
  };
}
