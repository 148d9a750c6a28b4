import { describe, expect, it } from "vitest";
import { newId } from "../../src/core/ids.ts";
import { SCOPES } from "../../src/http/api/route/route.ts";
import { newSecret } from "../../src/keys/api-key.ts";
import { createKeyRepository } from "../../src/keys/key-repository.ts";
import { eventually } from "../support/eventually.ts";
import { openLiveWorld, pathWith } from "./live-world.ts";

/** All tables with rows of a workspace. */
const TABLES = [
  "agents",
  "api_keys",
  "attachments",
  "deliveries",
  "executions",
  "messages",
  "participant_data",
  "schedules",
  "sessions",
  "users",
];

type World = Awaited<ReturnType<typeof openLiveWorld>>;

async function snapshot({ pool }: World): Promise<string[]> {
  const found = await Promise.all(
    TABLES.map((table) => pool.query(`SELECT t::text AS text FROM ${table} t`)),
  );
  return found.flatMap(({ rows }) => rows.map((row) => String(row.text))).sort();
}

/** The answers of an empty workspace that are not lists. */
const EMPTY: Record<string, object> = {
  getStats: { data: [] },
  getQueue: { channels: [], sessions: { waiting: 0 }, deliveries: { waiting: 0, unknown: 0 } },
};

describe("a workspace", () => {
  it("refuses the keys of another workspace on every route", async () => {
    await using world = await openLiveWorld();
    const things = await world.makeThings();
    await world.app.api("PUT", `/users/${things.userId}/data/${things.agentId}`, { secret: "tea" });
    const other = await world.addWorkspace("other");
    // The last-used times of keys change without a test's action.
    await world.pool.query("UPDATE api_keys SET last_used_at = now()");
    // Two columns of sessions follow their activity about a second later.
    await eventually(async () => {
      const behind = "last_activity_at > updated_at OR waits <> (inbound_seq > answered_seq)";
      const { rows } = await world.pool.query(`SELECT id FROM sessions WHERE ${behind}`);
      expect(rows).toEqual([]);
    });
    const before = await snapshot(world);
    const walked: string[] = [];
    for (const operation of world.operations.filter(({ pathParameters }) => pathParameters.length > 0)) {
      const bodies = operation.examples.length > 0 ? operation.examples.map(({ body }) => body) : [undefined];
      for (const body of bodies) {
        const options = { key: other.secret, ...(body === undefined ? {} : { body }) };
        const { status, body: answer } = await world.call(operation, pathWith(things, operation), options);
        expect([operation.id, status, answer]).toEqual([
          operation.id,
          404,
          { error: expect.objectContaining({ code: expect.stringMatching(/_not_found$/) }) },
        ]);
      }
      walked.push(operation.id);
    }
    expect(walked.length).toBeGreaterThan(20);
    expect(await snapshot(world)).toEqual(before);
  });

  it("shows nothing of another workspace in any list, with any filter", async () => {
    await using world = await openLiveWorld();
    const things = await world.makeThings();
    const other = await world.addWorkspace("other");
    const lists = world.operations.filter(
      ({ method, pathParameters, path, scope }) =>
        method === "GET" &&
        pathParameters.length === 0 &&
        !["/models", "/feed"].includes(path) &&
        scope !== null,
    );
    const filters = [
      "",
      `?session_id=${things.sessionId}`,
      `?user_id=${things.userId}`,
      `?agent_id=${things.agentId}`,
      "?channel=api",
    ];
    for (const operation of lists) {
      for (const filter of filters) {
        const { status, body } = await world.call(operation, `${operation.path}${filter}`, {
          key: other.secret,
        });
        // A list that does not support the filter refuses it. A list may also not find an agent of another workspace.
        if (filter !== "" && (status === 400 || status === 404)) continue;
        const own = operation.path === "/api_keys" ? 1 : 0;
        const list = EMPTY[operation.id] ?? { meta: { total: own } };
        const nothing = operation.path.startsWith("/exports/") ? "" : list;
        expect([operation.id, filter, body]).toMatchObject([operation.id, filter, nothing]);
        expect(JSON.stringify(body)).not.toContain(things.sessionId);
      }
    }
    expect(lists.length).toBeGreaterThan(5);
    const models = await fetch(`${world.app.url}/api/openai/v1/models`, {
      headers: { "X-API-Key": other.secret },
    });
    expect(await models.json()).toMatchObject({ data: [] });
  });

  it("cannot be changed through a body that names its resources", async () => {
    await using world = await openLiveWorld();
    const things = await world.makeThings();
    const other = await world.addWorkspace("other");
    const create = world.operations.find(({ id }) => id === "createSession");
    if (!create) throw new Error("no createSession");
    for (const body of [
      { agent_id: things.agentId },
      { agent_id: "wellness-coach", user_id: things.userId, variables: { preferred_exercise: "running" } },
    ]) {
      const { status } = await world.call(create, create.path, { key: other.secret, body });
      expect(status).toBe(404);
    }
    const { rows } = await world.pool.query("SELECT 1 FROM sessions WHERE workspace_id = $1", [other.id]);
    expect(rows).toEqual([]);
  });

  it("allows a key only what its scopes allow, on every route", async () => {
    await using world = await openLiveWorld();
    const things = await world.makeThings();
    const { rows } = await world.pool.query("SELECT id FROM workspaces WHERE slug = 'default'");
    const keys = createKeyRepository(world.app.app.engine.database);
    for (const scope of SCOPES.filter((candidate) => candidate !== "admin")) {
      const secret = newSecret();
      await keys.create({ id: newId(), workspaceId: rows[0].id, name: scope, scopes: [scope], secret });
      const closed = world.operations.filter(
        (candidate) => candidate.scope !== null && candidate.scope !== scope,
      );
      for (const operation of closed) {
        const body = operation.examples[0]?.body;
        const { status, body: answer } = await world.call(operation, pathWith(things, operation), {
          key: secret,
          ...(body === undefined ? {} : { body }),
        });
        expect([scope, operation.id, status, answer]).toMatchObject([
          scope,
          operation.id,
          403,
          { error: { code: "insufficient_scope", details: { required: operation.scope } } },
        ]);
      }
    }
  });
});
