import { expect, test } from "vitest";
import { createReceiptRepository } from "../../src/delivery/receipt-repository.ts";
import { addConversation } from "../api/api-rows.ts";
import { openApiWorld } from "../api/api-server.ts";

test("receipts about messages that others sent from the same number keep none of ours waiting", async () => {
  await using world = await openApiWorld();
  const receipts = createReceiptRepository(world.pool);
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
