import { describe, expect, it } from "vitest";
import { z } from "zod";
import { keyRoutes } from "../../src/http/api/keys/keys.ts";
import { defineRoute } from "../../src/http/api/route/route.ts";
import { newSecret } from "../../src/keys/api-key.ts";
import { openApiWorld } from "./api-server.ts";

const whoAmI = defineRoute({
  method: "GET",
  path: "/me",
  operationId: "whoAmI",
  summary: "Who is calling",
  tag: "test",
  scope: "sessions:read",
  responses: [{ status: 200, description: "The caller", schema: z.unknown() }],
  errors: [{ status: 404, code: "workspace_not_found", when: "the header names none" }],
  handle: async ({ caller }) => ({ status: 200, body: caller }),
});

type World = Awaited<ReturnType<typeof openApiWorld>>;

/** A process that serves the keys. It and the other processes are told about revoked keys. */
async function serveKeys(world: World, options: Parameters<World["serve"]>[1] = {}) {
  let revoke: (id: string) => void = () => {};
  const routes = keyRoutes({ keys: world.keys, newSecret, onRevoked: (id) => revoke(id) });
  const server = await world.serve([...routes, whoAmI], options);
  revoke = server.keyCache.revoke;
  return server;
}

const newKey = z.object({ id: z.string(), secret: z.string() });
const create = { name: "Reporting", scopes: ["sessions:read"] };

describe("API keys", () => {
  it("are shown once, stored as a hash, and allow what their scopes name", async () => {
    await using world = await openApiWorld();
    const api = await serveKeys(world);
    const { status, body } = await api.call("/api_keys", { json: create });
    const { id, secret } = newKey.parse(body);
    expect(status).toBe(201);
    expect(secret).toMatch(/^cw_[\w-]{43}$/);
    expect(body).toMatchObject({
      ...create,
      prefix: secret.slice(0, 9),
      operator: false,
      last_used_at: null,
    });
    expect((await api.call("/me", { key: secret })).body).toMatchObject({
      keyId: id,
      scopes: ["sessions:read"],
    });
    expect((await api.call("/api_keys", { key: secret })).status).toBe(403);

    const list = await api.call("/api_keys");
    expect(list.body).toMatchObject({
      data: [{ id, name: "Reporting" }, { id: world.admin.id }],
      meta: { total: 2 },
    });
    expect(JSON.stringify(list.body)).not.toContain(secret);
    const { rows } = await world.pool.query("SELECT k::text AS text FROM api_keys k");
    for (const row of rows) expect(row.text).not.toContain(secret.slice(12));
  });

  it("stop working on every process at once when they are revoked on one", async () => {
    await using world = await openApiWorld();
    const [here, there] = [await serveKeys(world), await serveKeys(world)];
    const { id, secret } = newKey.parse((await here.call("/api_keys", { json: create })).body);
    for (const api of [here, there]) expect((await api.call("/me", { key: secret })).status).toBe(200);
    expect((await here.call(`/api_keys/${id}`, { method: "DELETE" })).status).toBe(204);
    for (const api of [here, there]) expect((await api.call("/me", { key: secret })).status).toBe(401);
    expect((await here.call(`/api_keys/${id}`, { method: "DELETE" })).body).toMatchObject({
      error: { code: "api_key_not_found" },
    });
  });

  it("stop working everywhere within two seconds of being revoked, even if notices are lost", async () => {
    await using world = await openApiWorld();
    let now = 0;
    const here = await serveKeys(world);
    const there = await serveKeys(world, { now: () => now });
    const { id, secret } = newKey.parse((await here.call("/api_keys", { json: create })).body);
    expect((await there.call("/me", { key: secret })).status).toBe(200);
    world.notices.cut();
    await here.call(`/api_keys/${id}`, { method: "DELETE" });
    now += 2_001;
    expect((await there.call("/me", { key: secret })).status).toBe(401);
  });

  it("of another workspace are not found", async () => {
    await using world = await openApiWorld();
    const api = await serveKeys(world);
    const other = await world.addKey(await world.addWorkspace("other"));
    expect((await api.call(`/api_keys/${other.id}`, { method: "DELETE" })).status).toBe(404);
    expect((await api.call("/api_keys", { key: other.secret })).body).toMatchObject({
      data: [{ id: other.id }],
      meta: { total: 1 },
    });
    const asOther = await api.call("/me", { headers: { "X-Workspace": "other" } });
    expect([asOther.status, asOther.body]).toMatchObject([403, { error: { code: "workspace_not_allowed" } }]);
  });

  it("need a name and known scopes", async () => {
    await using world = await openApiWorld();
    const api = await serveKeys(world);
    for (const json of [
      {},
      { ...create, name: " " },
      { ...create, scopes: [] },
      { ...create, scopes: ["root"] },
    ]) {
      expect((await api.call("/api_keys", { json })).status).toBe(422);
    }
  });

  it("are created once with an Idempotency-Key, and every answer has the same secret", async () => {
    await using world = await openApiWorld();
    const api = await serveKeys(world);
    const request = { json: create, headers: { "Idempotency-Key": "once" } };
    const [first, again] = await Promise.all([
      api.call("/api_keys", request),
      api.call("/api_keys", request),
    ]);
    expect(again.body).toEqual(first.body);
    expect((await api.call("/api_keys")).body).toMatchObject({ meta: { total: 2 } });
  });
});

describe("the operator key", () => {
  it("may do everything, in the first workspace or the one in the header", async () => {
    await using world = await openApiWorld();
    const api = await serveKeys(world);
    const other = await world.addWorkspace("other");
    await world.keys.ensureOperatorKey(world.workspaceId, "the operator's own secret");
    const key = "the operator's own secret";
    const headers = (slug?: string) => ({ "X-API-Key": key, ...(slug ? { "X-Workspace": slug } : {}) });
    const asOperator = (slug?: string) => api.call("/me", { key: null, headers: headers(slug) });
    expect((await asOperator()).body).toMatchObject({ workspaceId: world.workspaceId, scopes: ["admin"] });
    expect((await asOperator("other")).body).toMatchObject({ workspaceId: other });
    expect((await asOperator("nowhere")).body).toMatchObject({ error: { code: "workspace_not_found" } });
  });

  it("is replaced by the key in the settings, after any number of changes", async () => {
    await using world = await openApiWorld();
    const api = await serveKeys(world);
    const call = (key: string) => api.call("/me", { key });
    await Promise.all(
      Array.from({ length: 5 }, () => world.keys.ensureOperatorKey(world.workspaceId, "first-key")),
    );
    expect((await call("first-key")).status).toBe(200);
    await world.keys.ensureOperatorKey(world.workspaceId, "second-key");
    expect((await call("second-key")).status).toBe(200);
    const { rows } = await world.pool.query("SELECT prefix FROM api_keys WHERE operator");
    expect(rows).toEqual([{ prefix: "" }]);
  });

  it("cannot be revoked over the API", async () => {
    await using world = await openApiWorld();
    const api = await serveKeys(world);
    await world.keys.ensureOperatorKey(world.workspaceId, "operator-key");
    const { rows } = await world.pool.query("SELECT id FROM api_keys WHERE operator");
    const refused = await api.call(`/api_keys/${rows[0].id}`, { method: "DELETE" });
    expect([refused.status, refused.body]).toMatchObject([409, { error: { code: "operator_key" } }]);
    expect((await api.call("/me", { key: "operator-key" })).status).toBe(200);
  });
});
