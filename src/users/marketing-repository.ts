import type { Pool } from "pg";

/** Stores users who refuse marketing messages, until they accept them again. */
export function createMarketingPreferences(pool: Pool) {
  return {
    async set(channelId: string, identifier: string, isWanted: boolean): Promise<void> {
      await pool.query(
        `UPDATE users SET marketing_stopped_at = CASE WHEN $3 THEN NULL ELSE coalesce(marketing_stopped_at, now()) END,
           updated_at = now()
         WHERE channel_id = $1 AND identifier = $2 AND (marketing_stopped_at IS NULL) <> $3`,
        [channelId, identifier, isWanted],
      );
    },

    async isStopped(channelId: string, identifier: string): Promise<boolean> {
      const { rowCount } = await pool.query(
        "SELECT 1 FROM users WHERE channel_id = $1 AND identifier = $2 AND marketing_stopped_at IS NOT NULL",
        [channelId, identifier],
      );
      return rowCount === 1;
    },
  };
}
