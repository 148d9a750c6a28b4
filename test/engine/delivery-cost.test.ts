import type pg from "pg";
import { expect, test } from "vitest";
import { createDeliveryRepository } from "../../src/delivery/delivery-repository.ts";
import { addConversation, addWorkspace } from "../api/api-rows.ts";
import { createTestDatabase, testPool } from "../support/postgres.ts";

const WAITING = 3_000;

test.each([false, true])(
  "claiming and recording deliveries read few rows, however many others wait (with the next of each conversation: %s)",
  async (along) => {
    await using database = await createTestDatabase();
    // With one connection, the rows that it has read are counted on the same connection.
    const pool = testPool(database.url, 1);
    try {
      const home = await addWorkspace(pool);
      const row = await addConversation(pool, home);
      const add = (status: string) =>
        pool.query(
          `INSERT INTO deliveries (id, workspace_id, channel_id, session_id, message_id, address, content, status, next_attempt_at)
         SELECT $5::text || '-' || n, $1, $2, $3, $4, 'chat-' || n, 'Hello', $5, now() FROM generate_series(1, $6::int) n`,
          [home.id, row.channelId, row.sessionId, row.messageId, status, WAITING],
        );
      // The planner uses statistics from the time when nothing waited.
      await add("sent");
      await pool.query("ANALYZE");
      await add("queued");
      const deliveries = createDeliveryRepository(pool, { owner: "owner", sendLeaseMs: 60_000 });
      const ids = Array.from({ length: 20 }, (_, n) => `queued-${1_000 + n}`);
      const before = await rowsRead(pool);

      const { claimed } = await deliveries.claim(ids, [], along);
      const afterClaim = await rowsRead(pool);
      const sent = { status: "sent" as const, externalIds: ["7"], errorCode: null, error: null };
      const recorded = await deliveries.record(
        claimed.map(({ id, attempts }) => ({ id, attempts, ...sent, retryInMs: null, address: null })),
      );

      expect(recorded).toEqual(ids.map(() => true));
      expect(afterClaim - before).toBeLessThan(100);
      expect((await rowsRead(pool)) - afterClaim).toBeLessThan(100);
    } finally {
      await pool.end();
    }
  },
);

async function rowsRead(pool: pg.Pool): Promise<number> {
  await pool.query("SELECT pg_stat_force_next_flush()");
  const { rows } = await pool.query<{ count: string }>(
    `SELECT seq_tup_read + idx_tup_fetch AS count FROM pg_stat_user_tables WHERE relname = 'deliveries'`,
  );
  return Number(rows[0]?.count);
}
