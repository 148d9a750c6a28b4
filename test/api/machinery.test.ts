import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { RequestError } from "../../src/core/faults/errors.ts";
import { listReply, pageQuery, pageRequest } from "../../src/http/api/route/paging.ts";
import { defineRoute } from "../../src/http/api/route/route.ts";
import { idParams, jsonObjectSchema } from "../../src/http/api/route/wire-schemas.ts";
import { prismaOn } from "../../src/storage/prisma.ts";
import { testPool } from "../support/postgres.ts";
import { openApiWorld } from "./api-server.ts";

const thingBody = z.strictObject({
  name: z.string(),
  metadata: jsonObjectSchema.optional(),
  note: z.string().min(1).optional(),
  mark: z.string().max(3).optional(),
  parts: z.array(z.string()).max(2).optional(),
  count: z.int().max(9).optional(),
  kind: z.enum(["big", "small"]).optional(),
});

const createThing = defineRoute({
  method: "POST",
  path: "/things",
  operationId: "createThing",
  summary: "Create a thing",
  tag: "things",
  scope: "sessions:write",
  body: thingBody,
  responses: [],
  async handle({ body }) {
    return { status: 201, body };
  },
});

const getThing = defineRoute({
  method: "GET",
  path: "/things/{id}",
  operationId: "getThing",
  summary: "Get a thing",
  tag: "things",
  scope: "sessions:read",
  params: idParams,
  responses: [],
  async handle({ params }) {
    if (params.id === "bug") throw new Error("password=hunter2");
    throw new RequestError(404, "thing_not_found", `There is no thing ${params.id}.`);
  },
});

const listThings = defineRoute({
  method: "GET",
  path: "/things",
  operationId: "listThings",
  summary: "List things",
  tag: "things",
  scope: "sessions:read",
  query: z.strictObject(pageQuery),
  responses: [],
  async handle({ query }) {
    const { limit, offset, after } = pageRequest(query);
    return listReply(
      { rows: [{ limit, offset, after }], total: 41, next: { at: new Date(0), id: "x" } },
      query,
      (row) => row,
    );
  },
});

const routes = [createThing, getThing, listThings];

const error = (code: string) => ({
  error: expect.objectContaining({ code, request_id: expect.any(String) }),
});

describe("the API", () => {
  it("accepts a key only as bearer token or as X-API-Key", async () => {
    await using world = await openApiWorld();
    const api = await world.serve(routes, { documented: false });
    expect((await api.call("/things")).status).toBe(200);
    const header = { "X-API-Key": world.admin.secret };
    expect((await api.call("/things", { key: null, headers: header })).status).toBe(200);
    const none = await api.call("/things", { key: null });
    expect([none.status, none.headers.get("www-authenticate")]).toEqual([401, 'Bearer realm="causeway"']);
    expect(none.body).toEqual(error("unauthorized"));
    expect((await api.call("/things", { key: `${world.admin.secret}x` })).body).toEqual(
      error("unauthorized"),
    );
    const basic = { Authorization: `Basic ${world.admin.secret}` };
    expect((await api.call("/things", { key: null, headers: basic })).status).toBe(401);
  });

  it("refuses a key without the scope, and names the scope", async () => {
    await using world = await openApiWorld();
    const api = await world.serve(routes, { documented: false });
    const { secret } = await world.addKey(world.workspaceId, ["sessions:read"]);
    expect((await api.call("/things", { key: secret })).status).toBe(200);
    const refused = await api.call("/things", { key: secret, json: { name: "a" } });
    expect([refused.status, refused.body]).toEqual([
      403,
      {
        error: expect.objectContaining({
          code: "insufficient_scope",
          details: { required: "sessions:write", scopes: ["sessions:read"] },
        }),
      },
    ]);
  });

  it("lists every problem of a body, including unknown fields", async () => {
    await using world = await openApiWorld();
    const api = await world.serve(routes, { documented: false });
    const { status, body } = await api.call("/things", { json: { name: 1, metadata: [], colour: "red" } });
    expect(status).toBe(422);
    expect(body).toMatchObject({
      error: {
        code: "invalid_body",
        message: expect.stringContaining("colour: is not known here"),
        details: {
          problems: [
            { path: "name", problem: "expected string, received number" },
            { path: "metadata", problem: "expected an object" },
            { path: "colour", problem: "is not known here" },
          ],
        },
      },
    });

    const json = { name: "a", note: "", mark: "long", parts: ["a", "b", "c"], count: 10, kind: "medium" };
    const limits = (await api.call("/things", { json })).body as { error: { details: object } };
    expect(limits.error.details).toEqual({
      problems: [
        { path: "note", problem: "must not be empty" },
        { path: "mark", problem: "must have at most 3 characters" },
        { path: "parts", problem: "must have at most 2 entries" },
        { path: "count", problem: "must be at most 9" },
        { path: "kind", problem: 'must be one of "big", "small"' },
      ],
    });
  });

  it("lists twenty problems of a body with thousands, and counts the rest", async () => {
    await using world = await openApiWorld();
    const api = await world.serve(routes, { documented: false });
    const unknown = Object.fromEntries(
      Array.from({ length: 5_000 }, (_, n) => [`${"key".repeat(50)}${n}`, n]),
    );
    const { status, body } = await api.call("/things", { json: { name: "a", ...unknown } });
    expect(status).toBe(422);
    expect(JSON.stringify(body).length).toBeLessThan(20_000);
    expect(body).toMatchObject({
      error: { message: expect.stringMatching(/and 4980 more\.$/), details: { more: 4_980 } },
    });
  });

  it("answers malformed JSON with 400, and JSON with wrong values with 422", async () => {
    await using world = await openApiWorld();
    const api = await world.serve(routes, { documented: false });
    const post = async (body: string | Uint8Array, type = "application/json", more = {}) => {
      const headers = { "X-API-Key": world.admin.secret, "Content-Type": type, ...more };
      const response = await fetch(`${api.url}/things`, { method: "POST", headers, body });
      const { error } = z.object({ error: z.object({ code: z.string() }) }).parse(await response.json());
      return `${response.status} ${error.code}`;
    };
    expect(await post('{"name":')).toBe("400 malformed_json");
    expect(await post(new Uint8Array([0x22, 0xff, 0x22]))).toBe("400 malformed_json");
    expect(await post("[]")).toBe("422 invalid_body");
    expect(await post("")).toBe("422 invalid_body");
    expect(await post("name=a", "application/x-www-form-urlencoded")).toBe("415 unsupported_media_type");
    expect(await post('{"name":"a"}', "application/json; charset=latin1")).toBe("415 unsupported_media_type");
    const packed = gzipSync('{"name":"a"}');
    expect(await post(packed, "application/json", { "Content-Encoding": "gzip" })).toBe(
      "415 unsupported_media_type",
    );
    expect(await post(`{"name":"${"a".repeat(1024 * 1024)}"}`)).toBe("413 body_too_large");
    expect(await post(`{"name":"a","metadata":${"[".repeat(50_000)}${"]".repeat(50_000)}}`)).toBe(
      "422 invalid_body",
    );
    expect(await post('{"name":"a","metadata":{"n":1e999}}')).toBe("422 invalid_body");
  });

  it("stores user JSON unchanged, with any keys, except what Postgres cannot store", async () => {
    await using world = await openApiWorld();
    const api = await world.serve(routes, { documented: false });
    const text =
      '{"name":"a","metadata":{"__proto__":{"x":1},"camelCase":[1,"0012",null],"nul":"a\\u0000b"}}';
    const response = await fetch(`${api.url}/things`, {
      method: "POST",
      headers: { "X-API-Key": world.admin.secret, "Content-Type": "application/json" },
      body: text,
    });
    expect(await response.text()).toBe(text.replace("\\u0000", "\uFFFD"));
  });

  it("answers 404 for an unknown resource, with any form of id", async () => {
    await using world = await openApiWorld();
    const api = await world.serve(routes, { documented: false });
    for (const id of ["1", "%00", "%F0%9F%98%80", "a%2Fb", "x".repeat(2000)]) {
      const { status, body } = await api.call(`/things/${id}`);
      expect([status, body]).toEqual([404, error("thing_not_found")]);
    }
    expect((await api.call("/things/%E0%A4%A")).body).toEqual(error("malformed_url"));
    expect((await api.call("/nothing")).body).toEqual(error("route_not_found"));
  });

  it("hides the details of internal errors", async () => {
    await using world = await openApiWorld();
    const api = await world.serve(routes, { documented: false });
    const { status, body, headers } = await api.call("/things/bug");
    expect([status, body]).toEqual([500, error("internal_error")]);
    expect(JSON.stringify(body)).not.toContain("hunter2");
    expect(body).toMatchObject({ error: { request_id: headers.get("x-request-id") } });
    expect(api.lines.some((line) => line.level === "error")).toBe(true);
  });

  it("reports that the database is unavailable, and when to try again", async () => {
    await using world = await openApiWorld();
    const nobody = testPool("postgres://127.0.0.1:1/nothing");
    const away = {
      "/restarting": () => world.pool.query("SELECT pg_terminate_backend(pg_backend_pid())"),
      "/gone": () => nobody.query("SELECT 1"),
      "/gone-for-prisma": () => prismaOn(nobody).models.workspace.count(),
      "/bug": () => world.pool.query("SELECT nonsense"),
    };
    const api = await world.serve(
      Object.entries(away).map(([path, ask]) =>
        defineRoute({
          method: "GET",
          path,
          operationId: path,
          summary: path,
          tag: "things",
          scope: "sessions:read",
          responses: [],
          handle: async () => ({ status: 200, body: await ask() }),
        }),
      ),
    );
    for (const path of ["/restarting", "/gone", "/gone-for-prisma"]) {
      const { status, headers, body } = await api.call(path);
      expect([status, headers.get("retry-after"), body]).toEqual([503, "2", error("database_unavailable")]);
    }
    expect((await api.call("/bug")).status).toBe(500);
    await nobody.end();
  });

  it("names the methods of a path, and answers HEAD like GET", async () => {
    await using world = await openApiWorld();
    const api = await world.serve(routes, { documented: false });
    const put = await api.call("/things", { method: "PUT" });
    expect([put.status, put.headers.get("allow")]).toEqual([405, "POST, GET, HEAD, OPTIONS"]);
    const options = await api.call("/things", { method: "OPTIONS", key: null });
    expect([options.status, options.headers.get("allow")]).toEqual([204, "POST, GET, HEAD, OPTIONS"]);
    const head = await api.call("/things", { method: "HEAD" });
    expect([head.status, head.body]).toEqual([200, ""]);
  });

  it("tells a caller over its limit how long to wait, and affects no other caller", async () => {
    await using world = await openApiWorld();
    let now = 0;
    const api = await world.serve(routes, {
      rateLimit: { perMinute: 30, burst: 2 },
      now: () => now,
      documented: false,
    });
    const other = await world.addKey(world.workspaceId);
    await api.call("/things");
    await api.call("/things");
    const third = await api.call("/things");
    expect([third.status, third.headers.get("retry-after")]).toEqual([429, "2"]);
    expect((await api.call("/things", { key: other.secret })).status).toBe(200);
    now += 2_000;
    expect((await api.call("/things")).status).toBe(200);
  });
});

describe("a list", () => {
  it("accepts limits from 1 to 100 and whole page numbers, and refuses unknown parameters", async () => {
    await using world = await openApiWorld();
    const api = await world.serve(routes, { documented: false });
    const bad = "limit=0 limit=101 limit=-1 limit=1.5 limit= limit=ten page=0 page=-1 nope=1 limit=1&limit=2";
    for (const query of bad.split(" ")) {
      const { status, body } = await api.call(`/things?${query}`);
      expect([query, status, body]).toEqual([query, 400, error("invalid_query")]);
    }
    expect((await api.call("/things?limit=100&page=3")).body).toEqual({
      data: [{ limit: 100, offset: 200, after: null }],
      meta: { total: 41, page: 3, limit: 100, total_pages: 1, next_cursor: expect.any(String) },
    });
    expect((await api.call("/things")).body).toMatchObject({
      data: [{ limit: 20, offset: 0 }],
      meta: { page: 1, limit: 20, total_pages: 3 },
    });
  });

  it("continues after its own cursor, and refuses any other cursor", async () => {
    await using world = await openApiWorld();
    const api = await world.serve(routes, { documented: false });
    const cursor = z
      .object({ meta: z.object({ next_cursor: z.string() }) })
      .parse((await api.call("/things")).body).meta.next_cursor;
    const next = await api.call(`/things?cursor=${cursor}`);
    expect(next.body).toMatchObject({
      data: [{ after: { at: "1970-01-01T00:00:00.000Z", id: "x" } }],
      meta: { page: null },
    });
    const forge = (...place: string[]) => Buffer.from(JSON.stringify(place)).toString("base64url");
    const forged = forge("updated_at", "2020-01-01T00:00:00Z", "x");
    const ancient = forge("created_at", "0000-01-01T00:00:00Z", "x");
    for (const bad of ["nonsense", "", forged, ancient]) {
      expect((await api.call(`/things?cursor=${bad}`)).body).toEqual(error("invalid_cursor"));
    }
    expect((await api.call(`/things?cursor=${cursor}&page=2`)).body).toEqual(error("invalid_query"));
  });
});
