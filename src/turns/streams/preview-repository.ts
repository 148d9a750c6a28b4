import type { Pool } from "pg";

/** A preview that is still shown although its turn is over. */
export interface LeftPreview {
  executionId: string;
  channelId: string;
  address: string;
  preview: string;
  /** True if it is too old for any platform to remove it. */
  expired: boolean;
}

/** Stores the previews that platforms show before the delivery. */
export function createPreviewRepository(pool: Pool, identity: { owner: string }) {
  return {
    /** Returns true if no delivery of a conversation is open. */
    async isClear(channelId: string, address: string): Promise<boolean> {
      const { rows } = await pool.query<{ clear: boolean }>(
        `SELECT NOT EXISTS (SELECT 1 FROM deliveries WHERE channel_id = $1 AND address = $2
             AND status IN ('queued', 'sending', 'unknown') AND (status <> 'unknown' OR next_attempt_at IS NOT NULL))
           AND NOT EXISTS (SELECT 1 FROM channels WHERE id = $1 AND paused_until > now()) AS clear`,
        [channelId, address],
      );
      return rows[0]?.clear ?? false;
    },

    /** Only the holder of the session lease may store the preview, because another process would not know of it. */
    async record(lane: { leaseToken: number }, executionId: string, preview: string): Promise<boolean> {
      const { rowCount } = await pool.query(
        `UPDATE executions e SET preview = $2 FROM sessions s
         WHERE e.id = $1 AND s.id = e.session_id AND s.lease_token = $3 AND s.lease_owner = $4`,
        [executionId, preview, lane.leaseToken, identity.owner],
      );
      return rowCount === 1;
    },

    async removed(executionId: string, preview: string): Promise<void> {
      await pool.query("UPDATE executions SET preview = NULL WHERE id = $1 AND preview = $2", [
        executionId,
        preview,
      ]);
    },

    /** Returns true if an execution still exists. Without it, only its last process knows the preview. */
    async exists(executionId: string): Promise<boolean> {
      const { rowCount } = await pool.query("SELECT 1 FROM executions WHERE id = $1", [executionId]);
      return rowCount === 1;
    },

    async leftBehind(channelIds: string[], limit: number): Promise<LeftPreview[]> {
      const { rows } = await pool.query<LeftPreview>(
        `SELECT e.id AS "executionId", s.channel_id AS "channelId", coalesce(s.address, s.id) AS address, e.preview,
           e.created_at < now() - interval '1 day' AS expired
         FROM executions e JOIN sessions s ON s.id = e.session_id
         WHERE e.preview IS NOT NULL AND e.status IN ('completed', 'failed', 'cancelled') AND s.channel_id = ANY($1)
         ORDER BY e.created_at LIMIT $2`,
        [channelIds, limit],
      );
      return rows;
    },
  };
}
