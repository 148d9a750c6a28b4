import pg from "pg";
import { expect, test } from "vitest";
import { createDeliveryRepository } from "../../src/delivery/delivery-repository.ts";
import { addConversation } from "../api/api-rows.ts";
import { createTestDatabase } from "../support/postgres.ts";

test("a delivery whose claim was committed without an answer is looked at again, however late the commit", async () => {
  await using database = await createTestDatabase();
  const pool = new pg.Pool({ connectionString: database.url });
  try {
    const home = { id: "workspace", slug: "default" };
    await pool.query("INSERT INTO workspaces (id, slug) VALUES ($1, $2)", [home.id, home.slug]);
    const row = await addConversation(pool, home);
    await pool.query(
      `INSERT INTO deliveries (id, workspace_id, channel_id, session_id, message_id, address, content)
       VALUES ('delivery', $1, $2, $3, $4, 'chat', 'Hello')`,
      [home.id, row.channelId, row.sessionId, row.messageId],
    );
    // The first claim, whose connection is lost while it commits: its row stays locked for a moment.
    const lost = await pool.connect();
    await lost.query("BEGIN");
    await lost.query("UPDATE deliveries SET status = 'sending', attempts = 1, claimed_by = 'owner'");
    let committed: Promise<unknown> | null = null;
    const meanwhile = new Proxy(pool, {
      get: (target, key) =>
        key !== "query"
          ? Reflect.get(target, key)
          : async (statement: pg.QueryConfig | string, values?: unknown[]) => {
              const result = await target.query(statement, values);
              committed ??= lost.query("COMMIT");
              await committed;
              return result;
            },
    });
    const deliveries = createDeliveryRepository(meanwhile, { owner: "owner", sendLeaseMs: 60_000 });

    expect(await deliveries.claim(["delivery"], [])).toEqual({
      claimed: [],
      waiting: [{ id: "delivery", address: "chat", retryInMs: 0 }],
    });
    lost.release();
    expect((await deliveries.claim(["delivery"], ["delivery"])).waiting).toEqual([]);
    expect((await deliveries.claim(["delivery"], [])).claimed.map(({ id }) => id)).toEqual(["delivery"]);
  } finally {
    await pool.end();
  }
});
