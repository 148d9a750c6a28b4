import { expect, it } from "vitest";
import { copyDatabase } from "../../src/storage/copy-database.ts";
import { addConversation } from "../api/api-rows.ts";
import { openApiWorld } from "../api/api-server.ts";
import { createTestDatabase, testPool } from "../support/postgres.ts";
import { quietLog } from "../support/quiet-log.ts";

it("copies values of every kind unchanged, and uses no sequence number twice", async () => {
  await using world = await openApiWorld();
  await using target = await createTestDatabase();
  const { pool } = world;
  const home = { id: world.workspaceId, slug: "default" };
  for (let n = 0; n < 3; n++) await addConversation(pool, home);
  const { sessionId, channelId } = await addConversation(pool, home);
  await pool.query(
    "UPDATE deliveries SET ordinal = 9007199254740993, external_ids = '{a,\"b,c\"}' WHERE session_id = $1",
    [sessionId],
  );
  await pool.query("INSERT INTO channel_values (channel_id, key, value) VALUES ($1, 'bytes', '\\x00ff10')", [
    channelId,
  ]);
  await pool.query(`UPDATE sessions SET metadata = '{"n": 1.50, "text": "\\u00fc \\" $1"}' WHERE id = $1`, [
    sessionId,
  ]);
  await pool.query(
    `INSERT INTO messages (id, session_id, seq, turn_seq, role, origin, content)
     SELECT 'm' || n, $1, 100 + n, 100 + n, 'user', 'user', 'word ' || n FROM generate_series(1, 1200) n`,
    [sessionId],
  );
  const source = await pool.query("SELECT current_database() AS name");
  const from = target.url.replace(target.name, source.rows[0].name);
  const result = await copyDatabase({ from, to: target.url, log: quietLog() });
  expect("copied" in result && result.copied.get("messages")).toBe(1208);

  const copy = testPool(target.url, 1);
  try {
    for (const table of [
      "workspaces",
      "agents",
      "agent_versions",
      "users",
      "sessions",
      "messages",
      "deliveries",
      "channel_values",
    ]) {
      const all = `SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) AS hash FROM ${table} t`;
      expect((await copy.query(all)).rows, table).toEqual((await pool.query(all)).rows);
    }
    const next = "SELECT nextval('deliveries_ordinal_seq') AS next";
    expect((await copy.query(next)).rows).toEqual((await pool.query(next)).rows);
    expect(await copyDatabase({ from, to: target.url, log: quietLog() })).toMatchObject({
      occupied: expect.arrayContaining(["messages"]),
    });
  } finally {
    await copy.end();
  }
});
