import type { Pool } from "pg";
import { inTransaction } from "./transaction.ts";

/** What a channel keeps in the database; see `ChannelValues` of the channel seam. */
export function createChannelValues(pool: Pool, channelId: string) {
  const select = "SELECT value FROM channel_values WHERE channel_id = $1 AND key = $2";
  const upsert = `INSERT INTO channel_values (channel_id, key, value) VALUES ($1, $2, $3)
    ON CONFLICT (channel_id, key) DO UPDATE SET value = EXCLUDED.value, updated_at = now()`;
  return {
    async read(key: string): Promise<Buffer | null> {
      const { rows } = await pool.query<{ value: Buffer }>(select, [channelId, key]);
      return rows[0]?.value ?? null;
    },
    async write(key: string, value: Buffer): Promise<void> {
      await pool.query(upsert, [channelId, key, value]);
    },
    async remove(key: string): Promise<void> {
      await pool.query("DELETE FROM channel_values WHERE channel_id = $1 AND key = $2", [channelId, key]);
    },
    async update(key: string, change: (current: Buffer) => Promise<Buffer>): Promise<Buffer | null> {
      return inTransaction(pool, async (client) => {
        const { rows } = await client.query<{ value: Buffer }>(`${select} FOR UPDATE`, [channelId, key]);
        const [current] = rows;
        if (current === undefined) return null;
        const next = await change(current.value);
        if (next !== current.value) await client.query(upsert, [channelId, key, next]);
        return next;
      });
    },
  };
}
