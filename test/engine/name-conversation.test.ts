import { expect, test } from "vitest";
import { createAddressRepository } from "../../src/delivery/address-repository.ts";
import { addConversation, addWorkspace } from "../api/api-rows.ts";
import { eventually } from "../support/eventually.ts";
import { createTestDatabase, testPool } from "../support/postgres.ts";

test("a delivery added while its session gets a new address goes to that address too", async () => {
  await using database = await createTestDatabase();
  const pool = testPool(database.url);
  try {
    const home = await addWorkspace(pool);
    const row = await addConversation(pool, home);
    await pool.query("UPDATE sessions SET address = 'person', single = false WHERE id = $1", [row.sessionId]);

    const adding = await pool.connect();
    await adding.query("BEGIN");
    await adding.query("SELECT 1 FROM sessions WHERE id = $1 FOR UPDATE", [row.sessionId]);
    const naming = createAddressRepository(pool).nameConversation(row.sessionId, "person:thread");
    await eventually(async () => {
      const { rows } = await pool.query(
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
      );
      expect(rows).toHaveLength(1);
    });
    await adding.query(
      `INSERT INTO deliveries (id, workspace_id, channel_id, session_id, message_id, address, content)
       VALUES ('second', $1, $2, $3, $4, 'person', 'Be honest.')`,
      [home.id, row.channelId, row.sessionId, row.messageId],
    );
    await adding.query("COMMIT");
    adding.release();

    expect(await naming).toBe("named");
    const { rows } = await pool.query("SELECT address FROM deliveries WHERE id = 'second'");
    expect(rows).toEqual([{ address: "person:thread" }]);
  } finally {
    await pool.end();
  }
});
