import type { Pool } from "pg";

/** Pauses that platforms ask for. */
export function createPauseRepository(pool: Pool) {
  return {
    /** Holds back every send of a channel, on all processes. */
    async pauseChannel(channelId: string, ms: number): Promise<void> {
      await pool.query(
        `UPDATE channels SET paused_until = greatest(paused_until, now() + $2::int * interval '1 millisecond') WHERE id = $1`,
        [channelId, ms],
      );
    },

    /**
     * Records that the platform asked a conversation to wait. True: another conversation has to wait at this time too.
     * If two are recorded at the same moment, each sees the other.
     */
    async pauseConversation(channelId: string, address: string, ms: number): Promise<boolean> {
      await pool.query(
        `INSERT INTO conversation_pauses (channel_id, address, paused_until)
         VALUES ($1, $2, now() + $3::int * interval '1 millisecond') ON CONFLICT (channel_id, address)
         DO UPDATE SET paused_until = greatest(conversation_pauses.paused_until, EXCLUDED.paused_until)`,
        [channelId, address, ms],
      );
      const { rowCount } = await pool.query(
        `SELECT 1 FROM conversation_pauses WHERE channel_id = $1 AND address <> $2 AND paused_until > now() LIMIT 1`,
        [channelId, address],
      );
      return rowCount === 1;
    },

    async forgetPauses(): Promise<void> {
      await pool.query("DELETE FROM conversation_pauses WHERE paused_until < now()");
    },
  };
}
