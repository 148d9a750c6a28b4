import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildApiPage } from "../support/build-page.ts";
import { openLiveWorld, pathWith, type Things } from "./live-world.ts";
import { compileAllSchemas, documentCheck } from "./openapi-check.ts";
import { fieldsThatRefuseNull, integersSent, type Operation } from "./openapi-operations.ts";

/** Every expected route. */
const ROUTES = `
  POST /chat/sessions, GET /chat/sessions, GET /chat/sessions/{id}, PATCH /chat/sessions/{id},
  DELETE /chat/sessions/{id}, POST /chat/sessions/{id}/messages, POST /chat/sessions/{id}/messages/stream,
  GET /chat/sessions/{id}/messages, GET /chat/sessions/{id}/ws, POST /chat/sessions/{id}/end,
  POST /chat/sessions/{id}/reset, POST /chat/sessions/{id}/render, GET /executions, GET /executions/{id},
  GET /executions/{id}/stream, POST /executions/{id}/cancel, POST /executions/{id}/retry, GET /agents, GET /agents/{id},
  GET /agents/{id}/versions, GET /agents/{id}/versions/{n}, GET /users, GET /users/{id},
  GET /users/{id}/data/{agent_id}, PATCH /users/{id}/data/{agent_id}, PUT /users/{id}/data/{agent_id},
  DELETE /users/{id}, GET /deliveries, GET /deliveries/{id}, POST /deliveries/{id}/retry,
  POST /deliveries/{id}/resolve, GET /channels, GET /api_keys, POST /api_keys, DELETE /api_keys/{id},
  GET /chat/sessions/{id}/events, POST /trigger_bot_message, POST /trigger_bot_message/batch, GET /schedules,
  POST /schedules, POST /chat/sessions/{id}/attachments, GET /attachments/{id}, GET /attachments/{id}/content, GET /schedules/{id}, PATCH /schedules/{id}, DELETE /schedules/{id},
  POST /chat/completions, GET /models`;

// One world for all tests. Each test creates its own data, and compiling every schema of the document takes a second.
let world: Awaited<ReturnType<typeof openLiveWorld>>;
let readThings: Things;
beforeAll(async () => {
  world = await openLiveWorld();
  readThings = await world.makeThings();
});
afterAll(() => world[Symbol.asyncDispose]());

/** Operations that only read share their resources. Creating them costs a turn and six requests. */
const thingsFor = async ({ method }: Pick<Operation, "method">) =>
  method === "GET" ? readThings : await world.makeThings();

/** Operations that go on until the client leaves. */
const ENDLESS = ["connectSocket", "followFeed"];

/** Expected errors of operations that are not possible in this test. */
const LATE: Readonly<Record<string, number[]>> = {
  cancelExecution: [409, 200],
  retryExecution: [409],
  rollBackAgent: [404],
  createConsoleSession: [422],
  getConsoleSession: [401],
  deleteConsoleSession: [401],
};

describe("the OpenAPI document", () => {
  it("is public and valid, and lists every route", async () => {
    const response = await fetch(`${world.app.url}/api/v1/openapi.json`);
    expect([response.status, response.headers.get("content-type")]).toEqual([
      200,
      "application/json; charset=utf-8",
    ]);
    expect(world.document).toMatchObject({ openapi: "3.1.0", servers: [{ url: "/api/v1" }] });
    expect(compileAllSchemas(world.document)).toBeGreaterThan(world.operations.length);
    const known = world.operations.map(({ method, path }) => `${method} ${path}`);
    expect(known).toEqual(expect.arrayContaining(ROUTES.split(",").map((route) => route.trim())));
    const ids = world.operations.map((operation) => operation.id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, pathParameters } of world.operations) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect([path, pathParameters]).toEqual([path, named]);
    }
    expect(JSON.stringify(world.document)).not.toContain("$defs");
  });

  it("has working examples, and the service answers each as documented", async () => {
    let sent = 0;
    for (const operation of world.operations) {
      for (const { query, body } of operation.examples) {
        const path = pathWith(await thingsFor(operation), operation);
        const url = query === "" ? path : `${path}?${query}`;
        const answer = await world.call(operation, url, { body });
        expect([operation.id, operation.successes, answer.status, answer.body]).toEqual([
          operation.id,
          expect.arrayContaining([answer.status]),
          answer.status,
          answer.body,
        ]);
        sent += 1;
      }
    }
    expect(sent).toBeGreaterThan(15);
  });

  it("describes the successful answer of every operation", async () => {
    for (const operation of world.operations.filter(
      ({ examples, id }) => examples.length === 0 && !ENDLESS.includes(id),
    )) {
      const file = operation.uploads ? { text: "a file", type: "text/plain" } : {};
      const { status } = await world.call(operation, pathWith(await thingsFor(operation), operation), file);
      // A finished execution cannot be cancelled, and cannot be retried because it did not fail. An agent with one
      // version has no earlier one.
      const expected = LATE[operation.id] ?? operation.successes;
      expect([operation.id, expected.includes(status)]).toEqual([operation.id, true]);
    }
  });

  it("accepts null for every field of a POST that may be missing", () => {
    expect(fieldsThatRefuseNull(world.document)).toEqual([]);
  });

  it("accepts no number that the database cannot hold", () => {
    const numbers = integersSent(world.document);
    expect(numbers.length).toBeGreaterThan(5);
    expect(numbers.filter(({ maximum }) => maximum > 2 ** 31 - 1)).toEqual([]);
  });

  it("describes the error answers of every operation", async () => {
    const things = await world.makeThings();
    const nothing = { ...things };
    for (const name of Object.keys(nothing) as (keyof typeof nothing)[]) nothing[name] = "0".repeat(27);
    for (const operation of world.operations.filter(({ id }) => id !== "connectSocket")) {
      const path = pathWith(things, operation);
      const status = async (url: string, options: Parameters<typeof world.call>[2] = {}) =>
        (await world.call(operation, url, options)).status;
      const body = operation.examples[0]?.body;
      const denied = operation.open ? 422 : 401;
      expect([operation.id, await status(path, { key: "cw_wrong", body })]).toEqual([operation.id, denied]);
      expect([operation.id, await status(`${path}?no_such_option=1`, { body })]).toEqual([operation.id, 400]);
      if (path !== operation.path && !operation.path.startsWith("/models")) {
        expect([operation.id, await status(pathWith(nothing, operation), { body })]).toEqual([
          operation.id,
          404,
        ]);
      }
      if (operation.uploads) {
        expect([operation.id, await status(path, { text: "" })]).toEqual([operation.id, 422]);
        const large = "a".repeat(20 * 2 ** 20 + 1);
        expect([operation.id, await status(path, { text: large })]).toEqual([operation.id, 413]);
        continue;
      }
      if (operation.method === "GET") continue;
      expect([operation.id, await status(path, { text: "{" })]).toEqual([operation.id, 400]);
      expect([operation.id, await status(path, { text: "a=1", type: "text/plain" })]).toEqual([
        operation.id,
        415,
      ]);
      expect([operation.id, await status(path, { text: `"${"a".repeat(2 ** 20)}"` })]).toEqual([
        operation.id,
        413,
      ]);
      expect([operation.id, await status(path, { text: "[]" })]).toEqual([operation.id, 422]);
    }
  });

  it("fails a test that receives an undocumented answer", async () => {
    const { sessionId } = await world.makeThings();
    const check = documentCheck(world.document);
    const { body } = await world.app.api("GET", `/chat/sessions/${sessionId}`);
    const seen = { method: "GET", path: `/chat/sessions/${sessionId}`, contentType: "application/json" };
    expect(check({ ...seen, status: 200, body })).toBe(null);
    expect(check({ ...seen, status: 200, body: { ...body, surprise: 1 } })).toContain(
      "additional properties",
    );
    expect(check({ ...seen, status: 200, body: { ...body, created_at: null } })).toContain("created_at");
    expect(check({ ...seen, status: 418, body })).toContain("418: this status is not documented");
    expect(check({ ...seen, status: 200, contentType: "text/html", body: "<p>" })).toContain("text/html");
  });
});

describe("/docs", () => {
  it("is where the root address sends programs; people go to the console", async () => {
    const leadsTo = async (headers: Record<string, string>) => {
      const response = await fetch(`${world.app.url}/`, { redirect: "manual", headers });
      return [response.status, response.headers.get("location")];
    };
    expect(await leadsTo({})).toEqual([302, "/docs"]);
    expect(await leadsTo({ accept: "application/json" })).toEqual([302, "/docs"]);
    expect(await leadsTo({ accept: "text/html,application/xhtml+xml,*/*;q=0.8" })).toEqual([302, "/console"]);
  });

  it("loads only our own files, and calls no other host", async () => {
    buildApiPage();
    const response = await fetch(`${world.app.url}/docs`);
    const policy = response.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self';");
    expect(policy).toContain("connect-src 'self'");
    const html = await response.text();
    const files = [...html.matchAll(/(?:src|href)="(\/docs\/[^"]+)"/g)].map((match) => match[1] ?? "");
    expect(files).toEqual([
      "/docs/assets/swagger-ui.css",
      "/docs/assets/page.css",
      "/docs/assets/swagger-ui-bundle.js",
      "/docs/assets/start.js",
      "/docs/plain",
    ]);
    for (const file of files) expect((await fetch(`${world.app.url}${file}`)).status).toBe(200);
    expect(html).not.toMatch(/https?:\/\/|<style|style=|<script(?! defer src="\/docs\/)/);
    expect((await fetch(`${world.app.url}/docs/assets/none.js`)).status).toBe(404);
  });

  it("shows every operation, without scripts and without external files", async () => {
    const response = await fetch(`${world.app.url}/docs/plain`);
    const html = await response.text();
    expect([response.status, response.headers.get("content-type")]).toEqual([
      200,
      "text/html; charset=utf-8",
    ]);
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
    for (const { id, path } of world.operations) {
      expect(html).toContain(`id="${id}"`);
      expect(html).toContain(path);
    }
    expect(html).not.toMatch(/<script|<iframe|<img|<link|@import|(src|href)="?https?:|url\(/i);
  });
});
