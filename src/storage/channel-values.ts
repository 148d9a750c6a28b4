import type { Pool } from "pg";
import { inTransaction } from "./transaction.ts";

const PAGE = 100;
const PRESENT = "(expires_at IS NULL OR expires_at > now())";
/** The database's clock decides, because the clocks of processes differ. */
const EXPIRES = "now() + $4 * interval '1 millisecond'";

const SELECT = `SELECT value FROM channel_values WHERE channel_id = $1 AND key = $2 AND ${PRESENT}`;

const UPSERT = `INSERT INTO channel_values (channel_id, key, value, expires_at) VALUES ($1, $2, $3, ${EXPIRES})
  ON CONFLICT (channel_id, key) DO UPDATE
  SET value = EXCLUDED.value, expires_at = EXCLUDED.expires_at, updated_at = now()`;

const DELETE_EXPIRED =
  "DELETE FROM channel_values WHERE channel_id = $1 AND key <> $2 AND expires_at <= now()";

/** Stores the values of one channel in the database. See `ChannelValues` in the channel interface. */
export function createChannelValues(pool: Pool, channelId: string) {
  /** Only values with a lifetime can expire. So those who write them remove what has expired. */
  async function store(statement: string, key: string, value: Buffer, lifetime?: { expiresInMs: number }) {
    const { rowCount } = await pool.query(statement, [channelId, key, value, lifetime?.expiresInMs ?? null]);
    if (lifetime !== undefined) await pool.query(DELETE_EXPIRED, [channelId, key]);
    return rowCount === 1;
  }

  return {
    async read(key: string): Promise<Buffer | null> {
      const { rows } = await pool.query<{ value: Buffer }>(SELECT, [channelId, key]);
      return rows[0]?.value ?? null;
    },
    async write(key: string, value: Buffer, lifetime?: { expiresInMs: number }): Promise<void> {
      await store(UPSERT, key, value, lifetime);
    },
    add: (key: string, value: Buffer, lifetime?: { expiresInMs: number }): Promise<boolean> =>
      store(`${UPSERT} WHERE channel_values.expires_at <= now()`, key, value, lifetime),
    async remove(key: string): Promise<void> {
      await pool.query("DELETE FROM channel_values WHERE channel_id = $1 AND key = $2", [channelId, key]);
    },
    async update(key: string, change: (current: Buffer) => Promise<Buffer>): Promise<Buffer | null> {
      return inTransaction(pool, async (client) => {
        const { rows } = await client.query<{ value: Buffer }>(`${SELECT} FOR UPDATE`, [channelId, key]);
        const [current] = rows;
        if (current === undefined) return null;
        const next = await change(current.value);
        if (next !== current.value)
          await client.query(
            "UPDATE channel_values SET value = $3, updated_at = now() WHERE channel_id = $1 AND key = $2",
            [channelId, key, next],
          );
        return next;
      });
    },
    async *list(prefix: string): AsyncGenerator<{ key: string; value: Buffer }> {
      for (let after: string | null = null; ; ) {
        const { rows }: { rows: { key: string; value: Buffer }[] } = await pool.query(
          `SELECT key, value FROM channel_values
           WHERE channel_id = $1 AND starts_with(key, $2) AND ($3::text IS NULL OR key > $3) AND ${PRESENT}
           ORDER BY key LIMIT ${PAGE}`,
          [channelId, prefix, after],
        );
        yield* rows;
        after = rows.at(-1)?.key ?? null;
        if (rows.length < PAGE) return;
      }
    },
  };
}
