import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAuditRepository } from "../../src/audit/audit-repository.ts";
import { createAudit } from "../../src/http/api/route/audit.ts";
import { defineRoute } from "../../src/http/api/route/route.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { signIn } from "../support/console.ts";
import { eventually } from "../support/eventually.ts";
import { testPool } from "../support/postgres.ts";
import { quietLog } from "../support/quiet-log.ts";
import { openLiveWorld, pathWith } from "./live-world.ts";

let app: TestApp;
let pool: pg.Pool;
beforeAll(async () => {
  app = await startTestApp();
  pool = testPool(app.database.url);
});
afterAll(async () => {
  await pool.end();
  await app[Symbol.asyncDispose]();
});

const audit = async (query = "") => (await app.api("GET", `/audit${query}`)).body;
const newest = async (operation: string) => (await audit(`?operation=${operation}&limit=1`)).data[0];

describe("the audit log", () => {
  it("records who changed what and from where, with the values before and after, without secrets", async () => {
    const { body: key } = await app.api("POST", "/api_keys", { name: "Anna", scopes: ["sessions:read"] });
    const made = await newest("createApiKey");
    expect(made).toMatchObject({
      actor: { key_name: "operator", via: "api", console_session_id: null },
      address: "127.0.0.1",
      method: "POST",
      path: "/api_keys",
      targets: [key.id],
      fields: ["name", "scopes"],
      before: null,
      after: { name: "Anna", scopes: ["sessions:read"] },
    });
    await app.api("DELETE", `/api_keys/${key.id}`);
    expect(await newest("deleteApiKey")).toMatchObject({
      method: "DELETE",
      path: `/api_keys/${key.id}`,
      targets: [key.id],
      before: { name: "Anna" },
      after: null,
    });
    expect(JSON.stringify(await audit())).not.toContain(key.secret);
    expect((await app.api("DELETE", `/api_keys/${key.id}`)).status).toBe(404);
    expect((await audit("?operation=deleteApiKey")).meta.total).toBe(1);
  });

  it("names the fields that were set, and stores no personal data", async () => {
    const user = { identifier: "grace" };
    const { body: session } = await app.api("POST", "/chat/sessions", { agent_id: "echo", user });
    await app.api("PATCH", `/chat/sessions/${session.id}`, {
      title: "Grace feels unwell",
      metadata: { temperature: "feverish" },
    });
    await app.api("PUT", `/users/${session.user_id}/data/${session.agent_id}`, {
      temperature: "thirty-nine",
    });
    await app.api("POST", `/chat/sessions/${session.id}/end`, {});
    expect(await newest("updateSession")).toMatchObject({
      targets: [session.id],
      fields: ["title", "metadata"],
    });
    expect(await newest("replaceParticipantData")).toMatchObject({
      targets: [session.user_id, session.agent_id],
      fields: [],
    });
    expect(await newest("endSession")).toMatchObject({
      before: { status: "active" },
      after: { status: "completed" },
    });
    const { rows } = await pool.query("SELECT a::text AS text FROM audit_log a");
    // Long words, because short ones can appear in ids and times by chance.
    for (const { text } of rows) expect(text).not.toMatch(/unwell|temperature|feverish|thirty-nine|grace/i);
  });

  it("has no row for messages from programs, and one row for the same action of a person", async () => {
    const { body: key } = await app.api("POST", "/api_keys", { name: "App", scopes: ["admin"] });
    const asProgram = (path: string, body: object) =>
      app.api("POST", path, body, { authorization: `Bearer ${key.secret}` });
    const { body: session } = await asProgram("/chat/sessions", { agent_id: "echo" });
    expect((await asProgram(`/chat/sessions/${session.id}/messages`, { content: "Hi" })).status).toBe(201);
    await asProgram(`/chat/sessions/${session.id}/render`, { content: "Hi" });
    await asProgram("/deliveries/retry", { filter: {}, dry_run: true });
    const to = { agent_id: "echo", channel: "api", identifier: "audited" };
    const { body: written } = await asProgram("/trigger_bot_message", { ...to, message_text: "Hello" });
    expect((await audit(`?actor=${key.id}`)).data).toMatchObject([
      {
        operation: "triggerBotMessage",
        targets: [written.session_id],
        fields: [...Object.keys(to), "message_text"],
      },
      { operation: "createSession", targets: [session.id], fields: ["agent_id"] },
    ]);

    const person = await signIn(app.url, { key: key.secret });
    await person.call("POST", `/api/v1/chat/sessions/${session.id}/messages`, { content: "Hi" });
    const found = await eventually(async () => {
      const { data } = await audit("?actor=App");
      expect(data).toHaveLength(4);
      return data;
    });
    expect(found).toMatchObject([
      { operation: "sendMessage", fields: ["content"], actor: { key_id: key.id, via: "console" } },
      { operation: "createConsoleSession", targets: [], fields: [], actor: { via: "console" } },
      { operation: "triggerBotMessage" },
      { operation: "createSession" },
    ]);
    const { console_session_id: id } = found[0].actor;
    expect((await audit(`?actor=${id}`)).data).toEqual(found.slice(0, 2));
  });

  it("can be read by page and by time, and only by owners", async () => {
    for (const name of ["one", "two", "three"])
      await app.api("POST", "/api_keys", { name, scopes: ["users:read"] });
    const first = await audit("?operation=createApiKey&limit=2");
    expect(first.data.map(({ after }: { after: { name: string } }) => after.name)).toEqual(["three", "two"]);
    const next = await audit(`?operation=createApiKey&limit=1&cursor=${first.meta.next_cursor}`);
    expect(next.data[0].after.name).toBe("one");
    const until = encodeURIComponent(first.data[1].created_at);
    const before = await audit(`?operation=createApiKey&until=${until}&limit=1`);
    expect(before.data[0].after.name).toBe("one");
    const after = await audit(
      `?operation=createApiKey&since=${encodeURIComponent(first.data[0].created_at)}`,
    );
    expect(after.data[0].after.name).toBe("three");

    const { body: key } = await app.api("POST", "/api_keys", { name: "reader", scopes: ["sessions:read"] });
    const refused = await app.api("GET", "/audit", undefined, { authorization: `Bearer ${key.secret}` });
    expect([refused.status, refused.body.error.code]).toEqual([403, "insufficient_scope"]);
    expect((await app.api("GET", "/audit?since=yesterday")).status).toBe(400);
  });

  it("answers a repeated request without a second row", async () => {
    const once = () =>
      app.api("POST", "/api_keys", { name: "once", scopes: ["users:read"] }, { "Idempotency-Key": "audit" });
    expect((await once()).body.id).toBe((await once()).body.id);
    const { data } = await audit("?operation=createApiKey&limit=100");
    expect(data.filter(({ after }: { after: { name: string } }) => after.name === "once")).toHaveLength(1);
  });

  it("deletes rows that are older than the retention period", async () => {
    await app.api("POST", "/api_keys", { name: "old", scopes: ["users:read"] });
    const { id } = await newest("createApiKey");
    await pool.query("UPDATE audit_log SET created_at = now() - interval '366 days' WHERE id = $1", [id]);
    const before = (await audit()).meta.total;
    expect(await createAuditRepository(pool).sweep(365)).toBe(1);
    expect((await audit()).meta.total).toBe(before - 1);
  });

  it("does not delay answers when it cannot be written; its row goes to the log", async () => {
    const log = quietLog();
    const record = async () => {
      throw new Error("no database");
    };
    const route = defineRoute({
      method: "DELETE",
      path: "/things/{id}",
      operationId: "deleteThing",
      summary: "Delete a thing",
      tag: "Things",
      scope: "admin",
      responses: [],
      handle: async () => ({ status: 204 }),
    });
    const caller = { workspaceId: "w", keyId: "k", scopes: [], consoleId: null };
    const request = { caller, params: { id: "t" }, address: "127.0.0.1", requestId: "r" };
    await createAudit({ record, log })(route, request, { body: undefined, reply: { status: 204 } });
    expect(log.lines).toMatchObject([
      { level: "error", fields: { change: { operation: "deleteThing", targets: ["t"] } } },
    ]);
  });
});

/** Calls without a row: messages of users with their data, and previews of a prompt or of its receivers. */
const TRAFFIC = [
  "checkTrigger",
  "createChatCompletion",
  "createSocketToken",
  "rateMessage",
  "renderSession",
  "replaySessions",
  "sendMessage",
  "streamMessage",
  "uploadAttachment",
  "uploadHandoffAttachment",
];

it("has a row for every other operation that changes something", async () => {
  await using world = await openLiveWorld();
  const changing = world.operations.filter(({ method, open }) => method !== "GET" && !open);
  const changed = new Set<string>();
  for (const operation of changing) {
    // The documented example is a dry run, which only counts.
    const body = operation.id === "retryDeliveries" ? { filter: {} } : operation.examples[0]?.body;
    const path = pathWith(await world.makeThings(), operation);
    // Only a failed turn can be retried.
    if (operation.id === "retryExecution") await world.pool.query("UPDATE executions SET status = 'failed'");
    await world.pool.query("DELETE FROM audit_log");
    const file = operation.uploads ? { text: "a file", type: "text/plain" } : {};
    const { status } = await world.call(operation, path, body === undefined ? file : { body });
    if (status >= 300) continue;
    const { rows } = await world.pool.query("SELECT operation FROM audit_log");
    const expected = TRAFFIC.includes(operation.id) ? [] : [{ operation: operation.id }];
    expect([operation.id, rows]).toEqual([operation.id, expected]);
    if (expected.length > 0) changed.add(operation.id);
  }
  expect(changed.size).toBeGreaterThan(12);
  const ids = changing.map(({ id }) => id);
  expect(TRAFFIC.filter((id) => !ids.includes(id))).toEqual([]);
});
