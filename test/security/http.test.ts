import { once } from "node:events";
import { connect } from "node:net";
import { Router } from "express";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isJsonObject, type JsonObject } from "../../src/core/text/json.ts";
import { createHttpServer } from "../../src/http/server/server.ts";
import { createLogger } from "../../src/observability/logger.ts";
import { createRedactor } from "../../src/observability/redaction.ts";
import { operationsOf } from "../api/openapi-operations.ts";
import { eventually } from "../support/eventually.ts";
import { quietLog } from "../support/quiet-log.ts";
import { newVisitor } from "../support/web-visitor.ts";
import { startWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld({ CAUSEWAY_KEY_STREAMS: "3" });
});
afterAll(() => world[Symbol.asyncDispose]());

const isAlive = async () => expect((await fetch(`${world.url}/livez`)).status).toBe(200);

async function openSession(): Promise<string> {
  return (await world.app.api("POST", "/chat/sessions", { agent_id: "echo" })).body.id;
}

describe("malformed HTTP", () => {
  const request = (line: string, headers: string, body = "") => `${line}\r\nHost: a\r\n${headers}\r\n${body}`;

  test.each([
    ["two lengths", request("POST /livez HTTP/1.1", "Content-Length: 3\r\nContent-Length: 4\r\n", "abcd")],
    [
      "a length and chunks, which two servers could read differently",
      request(
        "POST /livez HTTP/1.1",
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        "0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
      ),
    ],
    [
      "a transfer encoding that does not end with chunked",
      request("POST /livez HTTP/1.1", "Transfer-Encoding: chunked, identity\r\n", "x"),
    ],
    ["a negative length", request("POST /livez HTTP/1.1", "Content-Length: -1\r\n")],
    [
      "a chunk without a size",
      request("POST /api/v1/agents HTTP/1.1", "Transfer-Encoding: chunked\r\n", "zz\r\nabc\r\n"),
    ],
    ["a space before a colon", request("GET /livez HTTP/1.1", "X-A : 1\r\n")],
    ["a folded header", request("GET /livez HTTP/1.1", "X-A: 1\r\n 2\r\n")],
    ["a NUL in a header", request("GET /livez HTTP/1.1", "X-A: a\u0000b\r\n")],
    ["an unknown method", request("HACK /livez HTTP/1.1", "")],
    ["bytes that are not HTTP", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003"],
    ["headers without an end", request("GET /livez HTTP/1.1", `X-A: ${"a".repeat(20_000)}\r\n`)],
  ])("with %s is refused, and the connection is closed", async (_, bytes) => {
    const answer = await world.raw(Buffer.from(bytes, "latin1"));
    // The answer never accepts it as a valid request, neither as one nor as two.
    expect(answer).not.toMatch(/^HTTP\/1\.1 2/);
    expect(answer.match(/^HTTP\/1\.1 /gm)?.length ?? 0).toBeLessThanOrEqual(1);
    await isAlive();
  });

  test("in the address of an upgrade does not end the process", async () => {
    for (const target of [
      "//",
      "//:0",
      "http://[",
      "http://[::1",
      "/%ff",
      "/api/v1/chat/sessions/%ff/ws",
      "*",
    ]) {
      const upgrade =
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
      expect(await world.raw(request(`GET ${target} HTTP/1.1`, upgrade), { untilMs: 1_000 })).not.toMatch(
        / 101 /,
      );
    }
    await isAlive();
  });
});

test("unusual paths get a 4xx status and show no file", async () => {
  const tricks = [
    "/..%2f..%2fetc/passwd",
    "/chat/..%2f..%2fpackage.json",
    "/chat/web/../../../package.json",
    "/widget/v1/..%2f..%2f..%2fpackage.json",
    "/widget/v1/%2e%2e/%2e%2e/package.json",
    "/widget/v1/loader.js%00.png",
    "/web/web/sessions/..%2f..%2f",
    "/web/%ff/visitors",
    "/web/__proto__/visitors",
    "/chat/constructor",
    "/api/v1/agents/%00",
    "/api/v1/agents/%ff",
    "/api/v1/agents/__proto__",
    "/api/v1/../../livez/../agents",
    "/%c0%ae%c0%ae/",
    `/${"a".repeat(8_000)}`,
  ];
  for (const path of tricks) {
    const answer = await world.raw(
      `GET ${path} HTTP/1.1\r\nHost: a\r\nX-API-Key: ${world.app.apiKey}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer, path).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(answer).not.toContain("devDependencies");
  }
});

describe("a body", () => {
  test("of the API may contain anything, and gets at worst a refusal", async () => {
    const document: unknown = await (await fetch(`${world.url}/api/v1/openapi.json`)).json();
    const operations = operationsOf(document as JsonObject).filter(({ method }) =>
      /POST|PATCH|PUT/.test(method),
    );
    expect(operations.length).toBeGreaterThan(15);
    const known = [
      "agent_id",
      "user",
      "metadata",
      "content",
      "variables",
      "identifier",
      "channel",
      "prompt_text",
    ];
    const key = fc.constantFrom(...known, "__proto__", "constructor", "prototype", "toString", "\u0000");
    const object = fc.object({
      maxDepth: 4,
      key,
      values: [fc.string(), fc.double(), fc.constant(null), fc.boolean()],
    });
    const text = fc.oneof(
      object.map((value) => JSON.stringify(value)),
      fc.json(),
      fc.constantFrom(
        '{"__proto__": {"isAdmin": true}}',
        "[".repeat(5_000),
        '{"a":1e999}',
        '"\\ud800"',
        "{",
        "null",
      ),
    );
    const call = fc.record({
      operation: fc.constantFrom(...operations),
      text,
      idempotency: fc.option(
        fc.string({ minLength: 1, maxLength: 20, unit: fc.constantFrom(..."abc:-_%") }),
        { nil: undefined },
      ),
    });
    await fc.assert(
      fc.asyncProperty(call, async ({ operation, text: body, idempotency }) => {
        const id = "0".repeat(27);
        const path = operation.path.replaceAll(/\{\w+\}/g, id);
        const response = await fetch(`${world.url}${operation.server}${path}`, {
          method: operation.method,
          headers: {
            authorization: `Bearer ${world.app.apiKey}`,
            "content-type": "application/json",
            ...(idempotency === undefined ? {} : { "idempotency-key": idempotency }),
          },
          body,
        });
        await response.text();
        expect(response.status, `${operation.method} ${path} ${body}`).toBeLessThan(500);
      }),
      { numRuns: 80 },
    );
    expect({}).not.toHaveProperty("isAdmin");
  });

  test("stores a key named __proto__ as data", async () => {
    const response = await fetch(`${world.url}/api/v1/chat/sessions`, {
      method: "POST",
      headers: { "x-api-key": world.app.apiKey, "content-type": "application/json" },
      body: '{"agent_id":"echo","metadata":{"__proto__":{"isAdmin":true},"constructor":{"prototype":1}}}',
    });
    const text = await response.text();
    expect(response.status).toBe(201);
    expect(text).toContain('"__proto__":{"isAdmin":true}');
    expect({}).not.toHaveProperty("isAdmin");
  });

  test("over the limit is refused before it is completely read, on every route", async () => {
    const visitor = await newVisitor(world.url);
    const session = await openSession();
    const big = JSON.stringify({ content: "x".repeat(1024 * 1024 + 1) });
    const json = { "content-type": "application/json" };
    const api = { ...json, "x-api-key": world.app.apiKey };
    expect((await world.post(`/api/v1/chat/sessions/${session}/messages`, api, big)).status).toBe(413);
    const web = { ...json, authorization: `Bearer ${visitor.token}` };
    const own = await visitor.openSession();
    expect((await world.post(`/web/web/sessions/${own}/messages`, web, big)).status).toBe(413);
    const lie = `POST /api/v1/chat/sessions HTTP/1.1\r\nHost: a\r\nX-API-Key: ${world.app.apiKey}\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n{`;
    expect(await world.raw(lie, { untilMs: 2_000 })).toMatch(/^HTTP\/1\.1 413 /);
    await isAlive();
  });
});

test("a page counts as ours by the public URL or our local address, whatever Host it sends", async () => {
  const from = async (origin: string, host: string) => {
    const head = `POST /web/web/visitors HTTP/1.1\r\nHost: ${host}\r\nOrigin: ${origin}\r\n`;
    const rest = "Content-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
    return (await world.raw(head + rest)).slice(9, 12);
  };
  const foreign: [string, string][] = [
    ["http://evil.example", "evil.example"],
    ["http://evil.example:3000", "evil.example:3000"],
    ["http://EVIL.example", "evil.example"],
    ["http://localhost.evil.example", "localhost.evil.example"],
    ["http://127.0.0.1.evil.example", "127.0.0.1.evil.example"],
    ["http://localhost:8080", "localhost:3000"],
    ["http://localhost:3000", "chat.example.org"],
    ["null", "null"],
  ];
  for (const [origin, host] of foreign) expect([origin, await from(origin, host)]).toEqual([origin, "403"]);
  const ours: [string, string][] = [
    ["https://chat.example.org", "chat.example.org"],
    ["https://chat.example.org", "causeway:3000"],
    ["http://chat.example.org", "chat.example.org"],
    ["http://localhost:3000", "localhost:3000"],
    ["http://127.0.0.1:3000", "127.0.0.1:3000"],
    ["http://[::1]:3000", "[::1]:3000"],
  ];
  for (const [origin, host] of ours) expect([origin, await from(origin, host)]).toEqual([origin, "201"]);
});

test("user text cannot become a header or a log line", async () => {
  const lines: string[] = [];
  const log = createLogger({
    level: "debug",
    redactor: createRedactor(),
    destination: { write: (line: string) => void lines.push(line) },
  });
  const evil = 'x\r\n{"level":50,"msg":"forged"}\n\u001b[2J';
  log.info({ user: evil, [evil]: 1 }, evil);
  expect(lines).toHaveLength(1);
  for (const control of ["\r", "\n", "\u001b"]) expect(lines[0]?.trimEnd()).not.toContain(control);
  const session = await openSession();
  const name = encodeURIComponent('a"\r\nSet-Cookie: admin=1\r\n\r\n<script>.png');
  const uploaded = await fetch(`${world.url}/api/v1/chat/sessions/${session}/attachments?name=${name}`, {
    method: "POST",
    headers: { "x-api-key": world.app.apiKey, "content-type": "image/png" },
    body: Buffer.from("89504e470d0a1a0a0000000d49484452", "hex"),
  });
  const attachment: unknown = await uploaded.json();
  expect(uploaded.status).toBe(201);
  const id = isJsonObject(attachment as JsonObject) ? String((attachment as JsonObject)["id"]) : "";
  const content = await fetch(`${world.url}/api/v1/attachments/${id}/content`, {
    headers: { "x-api-key": world.app.apiKey },
  });
  expect(content.headers.get("set-cookie")).toBeNull();
  expect(content.headers.get("content-disposition") ?? "").not.toMatch(/[\r\n<>]|filename="[^"]*"[^;]/);
  const traced = await fetch(`${world.url}/api/v1/agents`, {
    headers: { "x-api-key": world.app.apiKey, "x-request-id": "forged", "x-forwarded-for": "1.2.3.4" },
  });
  expect(traced.headers.get("x-request-id")).not.toBe("forged");
});

test("a key is accepted only complete, wherever the request contains it", async () => {
  const key = world.app.apiKey;
  const wrong = [
    "",
    key.slice(0, -1),
    `${key}x`,
    key.toUpperCase(),
    ` ${key.slice(1)}`,
    `${key},${key}`,
    "null",
    "undefined",
    "*",
    "%",
    "' OR '1'='1",
    "0".repeat(64),
  ];
  for (const given of wrong) {
    for (const headers of [{ authorization: `Bearer ${given}` }, { "x-api-key": given }]) {
      const { status } = await fetch(`${world.url}/api/v1/agents`, { headers });
      expect([given, status]).toEqual([given, 401]);
    }
  }
  expect((await fetch(`${world.url}/api/v1/agents?api_key=${key}&access_token=${key}`)).status).toBe(401);
  const basic = Buffer.from(`${key}:`).toString("base64");
  const { status } = await fetch(`${world.url}/api/v1/agents`, {
    headers: { authorization: `Basic ${basic}` },
  });
  expect(status).toBe(401);
});

test("a client that sends a request too slowly is disconnected, and others are not", async () => {
  const health = Router().get("/livez", (_request, response) => void response.end("ok"));
  const patience = { headersMs: 200, requestMs: 400, checkMs: 50 };
  const http = createHttpServer({ webhooks: () => {}, health, mounts: [] }, quietLog(), patience);
  const port = await http.listen("127.0.0.1", 0);
  const slow = [
    "GET /livez HTTP/1.1\r\nHost: a\r\nX-A: ",
    "POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\na",
  ].map((begin) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.resume();
    socket.write(begin);
    const trickle = setInterval(() => socket.write("a"), 20);
    // A connection may end with a reset, which raises an error before the close.
    return new Promise<void>((resolve) => {
      socket.once("close", () => {
        clearInterval(trickle);
        resolve();
      });
    });
  });
  expect(await (await fetch(`http://127.0.0.1:${port}/livez`)).text()).toBe("ok");
  await Promise.all(slow);
  expect(await (await fetch(`http://127.0.0.1:${port}/livez`)).text()).toBe("ok");
  await http.close(0);
});

test("a key has a limit of open streams, and can open new ones after it closes some", async () => {
  const id = await openSession();
  const execution = (await world.app.api("POST", `/chat/sessions/${id}/messages`, { content: "hello" })).body
    .execution_id;
  // A session's socket stays open. The stream of an echo answer would end at once.
  const sockets = await Promise.all(
    [1, 2, 3].map(async () => {
      const { WebSocket } = await import("ws");
      const socket = new WebSocket(`${world.url.replace("http", "ws")}/api/v1/chat/sessions/${id}/ws`, {
        headers: { authorization: `Bearer ${world.app.apiKey}` },
      });
      await once(socket, "open");
      return socket;
    }),
  );
  const refused = await world.app.api("GET", `/executions/${execution}/stream`);
  expect([refused.status, refused.body.error.code]).toEqual([429, "too_many_streams"]);
  expect(refused.headers.get("retry-after")).toBe("5");
  const before = await world.messages();
  expect(
    (await world.app.api("POST", `/chat/sessions/${id}/messages/stream`, { content: "again" })).status,
  ).toBe(429);
  const asked = { model: "echo", messages: [{ role: "user", content: "again" }], stream: true };
  const completions = await fetch(`${world.url}/api/openai/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${world.app.apiKey}`, "content-type": "application/json" },
    body: JSON.stringify(asked),
  });
  await completions.text();
  expect(completions.status).toBe(429);
  expect(await world.messages()).toBe(before);
  expect((await world.app.api("GET", `/chat/sessions/${id}`)).status).toBe(200);
  for (const socket of sockets) socket.terminate();
  await eventually(async () => {
    const stream = await fetch(`${world.url}/api/v1/executions/${execution}/stream`, {
      headers: { authorization: `Bearer ${world.app.apiKey}` },
    });
    await stream.text();
    expect(stream.status).toBe(200);
  });
});

test("a visitor has a limit of open streams", async () => {
  const visitor = await newVisitor(world.url);
  const session = await visitor.openSession();
  const streams = [];
  for (let n = 0; n < 14; n++) streams.push(await visitor.events(session));
  const statuses = streams.map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(12);
  expect(new Set(statuses.slice(12))).toEqual(new Set([429]));
  for (const stream of streams) stream.close();
});
