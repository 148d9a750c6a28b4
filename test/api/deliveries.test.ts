import { describe, expect, it } from "vitest";
import { createDeliveryQueries } from "../../src/delivery/delivery-queries-repository.ts";
import { deliveryRoutes } from "../../src/http/api/deliveries/deliveries.ts";
import { addConversation } from "./api-rows.ts";
import { openApiWorld } from "./api-server.ts";

async function openDeliveries() {
  const world = await openApiWorld();
  const enqueued: string[] = [];
  const api = await world.serve(
    deliveryRoutes({
      deliveries: createDeliveryQueries(world.pool),
      enqueue: (_channelId, ids) => enqueued.push(...ids),
    }),
  );
  const home = { id: world.workspaceId, slug: "default" };
  const add = (deliveryStatus: string, attempts = 1) =>
    addConversation(world.pool, home, { deliveryStatus, attempts });
  return { ...world, api, enqueued, add };
}

describe("deliveries", () => {
  it("are listed by session, channel and status, and found by id", async () => {
    await using world = await openDeliveries();
    const { api } = world;
    const sent = await world.add("sent");
    const failed = await world.add("failed");
    const ids = async (query: string) =>
      ((await api.call(`/deliveries?${query}`)).body as { data: { id: string }[] }).data.map(({ id }) => id);
    expect(await ids("")).toEqual([failed.deliveryId, sent.deliveryId]);
    expect(await ids("status=failed")).toEqual([failed.deliveryId]);
    expect(await ids(`session_id=${sent.sessionId}`)).toEqual([sent.deliveryId]);
    expect(await ids("channel=telegram&status=read")).toEqual([]);
    expect((await api.call("/deliveries?status=lost")).status).toBe(400);
    expect((await api.call(`/deliveries/${sent.deliveryId}`)).body).toMatchObject({
      id: sent.deliveryId,
      session_id: sent.sessionId,
      message_id: sent.messageId,
      channel: "telegram",
      status: "sent",
      content: "Hello Ada",
      part: 0,
      attempts: 1,
    });
    expect((await api.call(`/deliveries/${sent.sessionId}`)).body).toMatchObject({
      error: { code: "delivery_not_found" },
    });
  });

  it("are due again with all their attempts after a failure, and start at once", async () => {
    await using world = await openDeliveries();
    const { deliveryId } = await world.add("failed", 9);
    const { status, body } = await world.api.call(`/deliveries/${deliveryId}/retry`, { method: "POST" });
    expect([status, body]).toMatchObject([200, { status: "queued", attempts: 0, error: null }]);
    expect((body as { next_attempt_at: string }).next_attempt_at).not.toBe(null);
    expect(world.enqueued).toEqual([deliveryId]);
  });

  it("are not sent again if they arrived or are being sent", async () => {
    await using world = await openDeliveries();
    for (const state of ["queued", "sending", "sent", "delivered", "read"]) {
      const { deliveryId } = await world.add(state);
      const { status, body } = await world.api.call(`/deliveries/${deliveryId}/retry`, { method: "POST" });
      expect([status, body]).toMatchObject([
        409,
        { error: { code: "delivery_not_failed", details: { status: state } } },
      ]);
    }
    expect(world.enqueued).toEqual([]);
  });

  it("with an unknown result are settled or sent again by an operator", async () => {
    await using world = await openDeliveries();
    const resolve = (id: string, status: string) =>
      world.api.call(`/deliveries/${id}/resolve`, { json: { status } });
    const seen = await world.add("unknown");
    expect((await resolve(seen.deliveryId, "delivered")).status).toBe(422);
    const settled = await resolve(seen.deliveryId, "sent");
    expect(settled.body).toMatchObject({
      status: "sent",
      next_attempt_at: null,
      sent_at: expect.any(String),
    });
    expect((await resolve(seen.deliveryId, "sent")).status).toBe(200);
    expect((await resolve(seen.deliveryId, "failed")).body).toMatchObject({
      error: { code: "delivery_not_unknown" },
    });
    const lost = await world.add("unknown", 3);
    expect(
      (await world.api.call(`/deliveries/${lost.deliveryId}/retry`, { method: "POST" })).body,
    ).toMatchObject({
      status: "queued",
      attempts: 3,
    });
    expect(world.enqueued).toEqual([lost.deliveryId]);
  });

  it("can be changed only with their own scope", async () => {
    await using world = await openDeliveries();
    const { deliveryId } = await world.add("failed");
    const { secret } = await world.addKey(world.workspaceId, ["sessions:read"]);
    expect((await world.api.call(`/deliveries/${deliveryId}`, { key: secret })).status).toBe(200);
    for (const action of ["retry", "resolve"]) {
      const options = { key: secret, method: "POST", json: { status: "sent" } };
      expect((await world.api.call(`/deliveries/${deliveryId}/${action}`, options)).status).toBe(403);
    }
  });

  it("that failed are counted and sent again together, by reason, channel and time", async () => {
    await using world = await openDeliveries();
    const [old, young, other, unknown, sent] = [
      await world.add("failed", 9),
      await world.add("failed", 9),
      await world.add("failed"),
      await world.add("unknown"),
      await world.add("sent"),
    ];
    const limited = [old.deliveryId, young.deliveryId];
    await world.pool.query("UPDATE deliveries SET error_code = '429' WHERE id = ANY($1)", [limited]);
    await world.pool.query("UPDATE deliveries SET created_at = now() - interval '1 day' WHERE id = $1", [
      old.deliveryId,
    ]);
    const retry = async (filter: Record<string, unknown>, dry_run?: boolean) =>
      (await world.api.call("/deliveries/retry", { method: "POST", json: { filter, dry_run } })).body;
    const status = async (id: string) =>
      ((await world.api.call(`/deliveries/${id}`)).body as { status: string }).status;

    expect(await retry({ error_code: "429" }, true)).toEqual({ dry_run: true, matched: 2, retried: 0 });
    expect(world.enqueued).toEqual([]);
    const since = new Date(Date.now() - 3_600_000).toISOString();
    expect(await retry({ error_code: "429", since })).toEqual({ dry_run: false, matched: 1, retried: 1 });
    expect(world.enqueued).toEqual([young.deliveryId]);
    expect(await retry({ channel: "telegram" })).toMatchObject({ matched: 2, retried: 2 });
    expect(await retry({ channel: "slack" })).toMatchObject({ matched: 0, retried: 0 });
    expect(await Promise.all([old, young, other].map(({ deliveryId }) => status(deliveryId)))).toEqual([
      "queued",
      "queued",
      "queued",
    ]);
    // Unknown deliveries are sent only on request, because they may arrive twice.
    expect(await status(unknown.deliveryId)).toBe("unknown");
    expect(await retry({ status: "unknown", session_id: unknown.sessionId })).toMatchObject({ retried: 1 });
    expect(await status(sent.deliveryId)).toBe("sent");
  });

  it("of another workspace are not sent again", async () => {
    await using world = await openDeliveries();
    const { deliveryId } = await world.add("failed");
    await world.pool.query("INSERT INTO workspaces (id, slug) VALUES ('elsewhere', 'elsewhere')");
    await world.pool.query("UPDATE deliveries SET workspace_id = 'elsewhere' WHERE id = $1", [deliveryId]);
    const { body } = await world.api.call("/deliveries/retry", { method: "POST", json: { filter: {} } });
    expect(body).toEqual({ dry_run: false, matched: 0, retried: 0 });
  });

  it("are not sent again when the filter is empty or invalid", async () => {
    await using world = await openDeliveries();
    for (const body of [
      {},
      { filter: { status: "sent" } },
      { filter: { chanel: "x" } },
      { filter: { since: "now" } },
    ])
      expect((await world.api.call("/deliveries/retry", { method: "POST", json: body })).status).toBe(422);
  });
});
