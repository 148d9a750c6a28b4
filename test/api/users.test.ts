import { createHash } from "node:crypto";
import type pg from "pg";
import { describe, expect, it } from "vitest";
import { erasureRoutes } from "../../src/http/api/users/erasures.ts";
import { participantDataRoutes } from "../../src/http/api/users/participant-data.ts";
import { userRoutes } from "../../src/http/api/users/users.ts";
import { createErasureRepository } from "../../src/users/erasure-repository.ts";
import { createParticipantDataRepository } from "../../src/users/participant-data-repository.ts";
import { createUserRepository } from "../../src/users/user-repository.ts";
import { eventually } from "../support/eventually.ts";
import { addConversation } from "./api-rows.ts";
import { openApiWorld } from "./api-server.ts";

async function openUsers() {
  const world = await openApiWorld();
  const erased: string[] = [];
  const erasures = createErasureRepository(world.pool);
  const api = await world.serve([
    ...userRoutes({
      users: createUserRepository(world.pool),
      erasures,
      reach: async () => ({ kind: "reachable" }),
      identifiersOf: (_workspaceId, written) => [written],
      onErased: (ids) => erased.push(...ids),
    }),
    ...erasureRoutes({ erasures }),
    ...participantDataRoutes({ participantData: createParticipantDataRepository(world.pool) }),
  ]);
  const home = { id: world.workspaceId, slug: "default" };
  return { ...world, api, erased, home };
}

/** These tables, and the tables whose rows the database deletes together with theirs. */
async function erasedWith(pool: pg.Pool, tables: readonly string[]): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    `WITH RECURSIVE erased(id) AS (
       SELECT name::regclass::oid FROM unnest($1::text[]) AS name
       UNION SELECT c.conrelid FROM erased e JOIN pg_constraint c ON c.confrelid = e.id
         WHERE c.contype = 'f' AND c.confdeltype = 'c')
     SELECT id::regclass::text AS name FROM erased ORDER BY 1`,
    [tables],
  );
  return rows.map(({ name }) => name).sort();
}

describe("users", () => {
  it("are listed newest first, filtered, and found by id", async () => {
    await using world = await openUsers();
    const { api, pool, home } = world;
    const ada = await addConversation(pool, home, { identifier: "ada" });
    await addConversation(pool, home, { identifier: "bob" });
    expect((await api.call("/users")).body).toMatchObject({ meta: { total: 2 } });
    expect((await api.call("/users?identifier=ada")).body).toMatchObject({
      data: [{ id: ada.userId, channel: "telegram" }],
      meta: { total: 1 },
    });
    expect((await api.call("/users?channel=slack")).body).toMatchObject({ data: [], meta: { total: 0 } });
    expect((await api.call(`/users/${ada.userId}`)).body).toMatchObject({
      id: ada.userId,
      workspace_id: world.workspaceId,
      identifier: "ada",
      name: "Ada",
      profile: {},
      anonymous: false,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
  });

  it("keep their place behind a cursor while new users join", async () => {
    await using world = await openUsers();
    const { api, pool, home } = world;
    const joined = [];
    for (let n = 0; n < 5; n++) joined.unshift((await addConversation(pool, home)).userId);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? "limit=2" : `limit=2&cursor=${cursor}`;
      const page = (await api.call(`/users?${query}`)).body as {
        data: { id: string }[];
        meta: { next_cursor: string | null };
      };
      seen.push(...page.data.map((user) => user.id));
      cursor = page.meta.next_cursor;
      await addConversation(pool, home);
    } while (cursor !== null);
    expect(seen).toEqual(joined);
  });

  it("are erased everywhere, without erasing others", async () => {
    await using world = await openUsers();
    const { api, pool, home } = world;
    const ada = await addConversation(pool, home);
    const bob = await addConversation(pool, home);
    const data = (user: string) => `/users/${user}/data/coach`;
    for (const { userId } of [ada, bob])
      await api.call(data(userId), { method: "PUT", json: { likes: "tea" } });
    // Another session of hers is being opened.
    const opening = await pool.connect();
    await opening.query("BEGIN");
    await opening.query(
      `INSERT INTO sessions (id, workspace_id, agent_id, agent_version, channel_id, user_id, single)
       SELECT 'opening', workspace_id, agent_id, agent_version, channel_id, user_id, false FROM sessions WHERE id = $1`,
      [ada.sessionId],
    );
    const erasing = api.call(`/users/${ada.userId}`, { method: "DELETE" });
    await eventually(async () => {
      const waiting = "SELECT 1 FROM pg_locks WHERE NOT granted";
      expect((await opening.query(waiting)).rowCount).toBeGreaterThan(0);
    });
    await opening.query("COMMIT");
    opening.release();
    const gone = await erasing;
    expect(gone.status).toBe(204);
    expect(world.erased.toSorted()).toEqual([ada.sessionId, "opening"].toSorted());
    for (const path of [`/users/${ada.userId}`, data(ada.userId)]) {
      const { status, body } = await api.call(path);
      expect([status, body]).toMatchObject([404, { error: { code: "user_not_found" } }]);
    }
    expect((await api.call(`/users/${ada.userId}`, { method: "DELETE" })).status).toBe(404);
    for (const table of ["users", "participant_data", "sessions", "executions", "deliveries"]) {
      const { rows } = await pool.query(`SELECT count(*)::int AS left FROM ${table}`);
      expect([table, rows[0].left]).toEqual([table, 1]);
    }
    const { rows } = await pool.query("SELECT DISTINCT session_id FROM messages");
    expect(rows).toEqual([{ session_id: bob.sessionId }]);

    const path = gone.headers.get("location")?.replace("/api/v1", "") ?? "";
    const { body: certificate } = await api.call(path);
    expect(certificate).toMatchObject({
      user_hash: createHash("sha256").update(ada.userId).digest("hex"),
      erased_at: expect.any(String),
      actor: { key_name: "test", via: "api" },
      erased_rows: { users: 1, participant_data: 1, sessions: 2, executions: 1, deliveries: 1, handoffs: 0 },
    });
    expect((await api.call(`/erasures?user_id=${ada.userId}`)).body).toMatchObject({ data: [certificate] });
    expect((await api.call(`/erasures?user_id=${bob.userId}`)).body).toMatchObject({ data: [] });
    const written = JSON.stringify(certificate);
    for (const personal of [ada.userId, ada.sessionId]) expect(written).not.toContain(personal);
    const { erased_rows: counted } = certificate as { erased_rows: Record<string, number> };
    expect(await erasedWith(pool, ["users", "access_requests"])).toEqual(
      Object.keys(counted)
        .filter((table) => !["user_aliases", "access_grants", "early_edits"].includes(table))
        .sort(),
    );
  });
});

describe("participant data", () => {
  it("starts as an empty object; PUT replaces it, and PATCH merges it as RFC 7396 says", async () => {
    await using world = await openUsers();
    const { api } = world;
    const { userId, agentId } = await addConversation(world.pool, world.home);
    const path = `/users/${userId}/data/${agentId}`;
    const first = await api.call(path);
    expect([first.status, first.body, first.headers.get("etag")]).toEqual([200, {}, '"0"']);
    const put = await api.call(path, {
      method: "PUT",
      json: { a: { b: 1, c: 2 }, d: [1, 2], camelCase: true },
    });
    expect([put.status, put.headers.get("etag")]).toEqual([200, '"1"']);
    const patch = await api.call(path, { method: "PATCH", json: { a: { b: null, e: 3 }, d: [3], f: "x" } });
    const merged = { a: { c: 2, e: 3 }, d: [3], camelCase: true, f: "x" };
    expect([patch.body, patch.headers.get("etag")]).toEqual([merged, '"2"']);
    expect((await api.call(`/users/${userId}/data/coach`)).body).toEqual(merged);
    expect((await api.call(path, { method: "PUT", json: { only: 1 } })).body).toEqual({ only: 1 });
  });

  it("is not overwritten by a call with an older revision", async () => {
    await using world = await openUsers();
    const { api } = world;
    const { userId } = await addConversation(world.pool, world.home);
    const write = (method: string, match: string, json: unknown = { a: 1 }) =>
      api.call(`/users/${userId}/data/coach`, { method, json, headers: { "If-Match": match } });
    const missing = await write("PUT", "*");
    expect([missing.status, missing.headers.get("etag")]).toEqual([412, '"0"']);
    expect((await write("PUT", '"0"')).status).toBe(200);
    expect((await write("PATCH", '"0"')).body).toMatchObject({
      error: { code: "precondition_failed", details: { etag: '"1"' } },
    });
    expect((await write("PATCH", 'W/"1"')).status).toBe(412);
    expect((await write("PATCH", '"7", "1"')).headers.get("etag")).toBe('"2"');
    expect((await write("PUT", "*")).headers.get("etag")).toBe('"3"');
  });

  it("keeps every merge when many callers write at once", async () => {
    await using world = await openUsers();
    const { userId } = await addConversation(world.pool, world.home);
    const path = `/users/${userId}/data/coach`;
    const names = Array.from({ length: 12 }, (_, n) => `key${n}`);
    await Promise.all(names.map((name) => world.api.call(path, { method: "PATCH", json: { [name]: true } })));
    const { body, headers } = await world.api.call(path);
    expect(body).toEqual(Object.fromEntries(names.map((name) => [name, true])));
    expect(headers.get("etag")).toBe('"12"');
  });

  it("must be an object, for an existing user and agent", async () => {
    await using world = await openUsers();
    const { userId, sessionId } = await addConversation(world.pool, world.home);
    for (const method of ["PATCH", "PUT"]) {
      for (const json of [[], "text", 1, null]) {
        const { status } = await world.api.call(`/users/${userId}/data/coach`, { method, json });
        expect(status).toBe(422);
      }
    }
    const nothing = await world.api.call(`/users/${userId}/data/coach`, { method: "PUT" });
    expect(nothing.status).toBe(422);
    const code = async (path: string) => (await world.api.call(path)).body;
    expect(await code(`/users/${userId}/data/nobody`)).toMatchObject({ error: { code: "agent_not_found" } });
    expect(await code(`/users/${sessionId}/data/coach`)).toMatchObject({ error: { code: "user_not_found" } });
  });
});
