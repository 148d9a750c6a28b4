import type { Pool } from "pg";
import { expect, test } from "vitest";
import { createReceiptRepository } from "../../src/delivery/receipt-repository.ts";
import { createUnreachableUsers } from "../../src/users/unreachable-repository.ts";
import { addConversation } from "../api/api-rows.ts";
import { openApiWorld } from "../api/api-server.ts";
import { eventually } from "../support/eventually.ts";

const receiptsIn = (pool: Pool) => createReceiptRepository(pool, createUnreachableUsers(pool));

test("receipts for other services' messages from the same number do not delay our receipts", async () => {
  await using world = await openApiWorld();
  const receipts = receiptsIn(world.pool);
  const home = { id: world.workspaceId, slug: "default" };
  const { deliveryId, channelId } = await addConversation(world.pool, home, { deliveryStatus: "sending" });
  await world.pool.query(
    `INSERT INTO early_receipts (channel_id, external_id, state, received_at)
     SELECT $1, 'other-' || n, 'delivered', now() - interval '1 minute' FROM generate_series(1, 600) n`,
    [channelId],
  );
  await receipts.apply(channelId, { type: "receipt", externalId: "ours", state: "delivered" });
  await world.pool.query(
    "UPDATE deliveries SET status = 'sent', external_ids = ARRAY['ours'] WHERE id = $1",
    [deliveryId],
  );

  await receipts.applyEarly();

  const { rows } = await world.pool.query("SELECT status FROM deliveries WHERE id = $1", [deliveryId]);
  expect(rows).toEqual([{ status: "delivered" }]);
  const left = await world.pool.query(
    "SELECT count(*)::int AS count FROM early_receipts WHERE external_id = 'ours'",
  );
  expect(left.rows).toEqual([{ count: 0 }]);
});

test("a receipt counts if it arrives while the outcome of its send is being recorded", async () => {
  await using world = await openApiWorld();
  const receipts = receiptsIn(world.pool);
  const home = { id: world.workspaceId, slug: "default" };
  const { deliveryId, channelId } = await addConversation(world.pool, home, { deliveryStatus: "sending" });
  const recording = await world.pool.connect();
  await recording.query("BEGIN");
  await recording.query("UPDATE deliveries SET status = 'sent', external_ids = ARRAY['ours']");

  const applied = receipts.apply(channelId, {
    type: "receipt",
    externalId: "ours",
    state: "delivered",
    deliveryId,
  });
  await eventually(async () => {
    const waiting =
      "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    expect((await world.pool.query(waiting)).rows).toHaveLength(1);
  });
  await recording.query("COMMIT");
  recording.release();
  await applied;

  const { rows } = await world.pool.query("SELECT status FROM deliveries WHERE id = $1", [deliveryId]);
  expect(rows).toEqual([{ status: "delivered" }]);
});

test.each(["by the platform's id", "by the delivery's own"])(
  "an early receipt that names its send %s and reports an unreachable user marks the user, unless they wrote since",
  async (named) => {
    await using world = await openApiWorld();
    const receipts = receiptsIn(world.pool);
    const home = { id: world.workspaceId, slug: "default" };
    for (const wroteSince of [false, true]) {
      const sending = await addConversation(world.pool, home, { deliveryStatus: "sending" });
      const { deliveryId, channelId, sessionId } = sending;
      await receipts.apply(channelId, {
        type: "receipt",
        externalId: `sent-${wroteSince}`,
        state: "failed",
        errorCode: "opted_out",
        errorMessage: "They opted out.",
        userUnreachable: true,
        ...(named === "by the delivery's own" ? { deliveryId } : {}),
      });
      await world.pool.query(
        "UPDATE deliveries SET status = 'sent', external_ids = ARRAY[$2] WHERE id = $1",
        [deliveryId, `sent-${wroteSince}`],
      );
      const writtenAt = wroteSince ? "now() + interval '1 minute'" : "now() - interval '1 minute'";
      await world.pool.query(
        `UPDATE messages SET created_at = ${writtenAt} WHERE session_id = $1 AND role = 'user'`,
        [sessionId],
      );

      await receipts.applyEarly();

      const { rows } = await world.pool.query(
        `SELECT u.unreachable_code AS code FROM users u JOIN sessions s ON s.user_id = u.id WHERE s.id = $1`,
        [sessionId],
      );
      expect(rows).toEqual([{ code: wroteSince ? null : "opted_out" }]);
    }
  },
);
