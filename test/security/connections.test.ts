import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Router } from "express";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createHttpServer } from "../../src/http/server/server.ts";
import { eventually } from "../support/eventually.ts";
import { serviceDirectory, startProcess } from "../support/process.ts";
import { quietLog } from "../support/quiet-log.ts";
import { callWeb, newVisitor } from "../support/web-visitor.ts";
import { HalfOpen, headOf } from "./half-open.ts";
import { goodBody, sign, signedChannels } from "./signed.ts";
import { startWorld, type World } from "./world.ts";

const MOST = 60;

let world: World;
beforeAll(async () => {
  world = await startWorld({}, { connections: MOST, downloads: 40 });
});
afterAll(() => world[Symbol.asyncDispose]());

/** Makes each call on its own connection, as a new client would. */
async function expectTaken(): Promise<void> {
  const close = { connection: "close" };
  expect((await fetch(`${world.url}/livez`, { headers: close })).status).toBe(200);
  const answers: [string, number][] = [];
  for (const kind of signedChannels) {
    const body = goodBody(kind);
    const { status } = await world.post(`/webhooks/${kind}`, { ...sign(kind, body), ...close }, body);
    answers.push([kind, status]);
  }
  expect(answers.filter(([, status]) => status !== 200)).toEqual([]);
}

const GET = "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n";

describe("a client that holds many connections open does not block others", () => {
  test.each<[string, string[]]>([
    ["without sending anything", []],
    ["after an answered request", [GET]],
    ["in the middle of the headers", ["GET /livez HTTP/1.1\r\nHost: "]],
    ["in the middle of a body without a key", [headOf("/web/web/visitors", {}, 1_000), "{"]],
  ])("%s", async (_, parts) => {
    using attacker = new HalfOpen(world.url);
    for (let n = 0; n < 2 * MOST; n++) await attacker.begin(...parts);
    await expectTaken();
  });

  test("with any number of connections, as long as the process has file handles left", async () => {
    await using directory = await serviceDirectory({
      agents: { echo: { bot: { type: "echo" } } },
      channels: { web: { kind: "web", agent: "echo" } },
    });
    await directory.givePostgres();
    // With fewer, Node may run out of files while it loads the modules of the service.
    await using service = await startProcess({ directory, openFiles: 1_024 });
    using attacker = new HalfOpen(service.url);
    for (let n = 0; n < 1_200; n++) await attacker.begin(GET);
    expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
    const visitor = await newVisitor(service.url);
    const session = await visitor.openSession();
    expect((await visitor.send(session, "hello")).status).toBe(202);
  }, 180_000);
});

describe("a connection", () => {
  const upgrade =
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

  test.each([
    ["without a key", `/api/v1/chat/sessions/${"0".repeat(27)}/ws`, "401"],
    ["with an invalid token", `/api/v1/chat/sessions/${"0".repeat(27)}/ws?token=cws_x`, "401"],
    ["to an unknown address", "/chat/web", ""],
  ])("closes after a refused WebSocket request %s, whatever the client does", async (_, path, status) => {
    const socket = await silentPeer(world.url);
    const seen = HalfOpen.watch(socket);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n${upgrade}\r\n`);
    // The other side never ends its half. Only a server that has closed the connection answers further bytes with a
    // reset.
    await eventually(
      () => {
        if (!socket.destroyed) socket.write("x");
        expect(seen.closed).toBe(true);
      },
      { timeoutMs: 30_000 },
    );
    expect(seen.answer.slice(9, 12)).toBe(status);
  });

  test("closes if its client reads nothing of an answer", async () => {
    const big = Router().get(
      "/livez",
      (_request, response) => void response.end("x".repeat(64 * 1024 * 1024)),
    );
    const patience = { headersMs: 5_000, requestMs: 5_000, checkMs: 1_000, unreadMs: 200 };
    const http = createHttpServer({ webhooks: () => {}, health: big, mounts: [] }, quietLog(), patience);
    const port = await http.listen("127.0.0.1", 0);
    const closed = new Promise((resolve) =>
      http.server.once("connection", (socket: Socket) => socket.once("close", resolve)),
    );
    const reader = connect(port, "127.0.0.1");
    reader.on("error", () => undefined);
    reader.pause();
    reader.write(GET);
    await closed;
    reader.destroy();
    await http.close(0);
  });

  test("stays open while its client waits for an answer", async () => {
    let answer: (() => void) | undefined;
    const slow = Router().get("/livez", (_request, response) => {
      answer = () => response.end("at last");
    });
    // An idle connection ends after the same time. On a busy machine a request needs a part of it to arrive.
    const patience = { headersMs: 5_000, requestMs: 5_000, checkMs: 1_000, unreadMs: 1_000 };
    const http = createHttpServer({ webhooks: () => {}, health: slow, mounts: [] }, quietLog(), patience);
    const port = await http.listen("127.0.0.1", 0);
    let timeouts = 0;
    http.server.on("timeout", () => {
      timeouts += 1;
    });
    const asked = fetch(`http://127.0.0.1:${port}/livez`);
    await eventually(() => expect(timeouts).toBeGreaterThan(1));
    answer?.();
    expect(await (await asked).text()).toBe("at last");
    await http.close(0);
  });

  test("closes after far more simultaneous requests than any client sends", async () => {
    const answer = await world.raw(GET.repeat(2_000), { untilMs: 20_000 });
    expect(answer.match(/HTTP\/1\.1 200/g)?.length ?? 0).toBeLessThan(2_000);
    await expectTaken();
  });
});

test("one visitor and one address can read only a limited number of files at a time; others still can", async () => {
  const file = Buffer.alloc(8 * 1024 * 1024, "x");
  const upload = async () => {
    const visitor = await newVisitor(world.url);
    const session = await visitor.openSession();
    const path = `/web/web/sessions/${session}/attachments`;
    const headers = { authorization: `Bearer ${visitor.token}`, "content-type": "text/plain" };
    const kept: unknown = await (await world.post(`${path}?name=${randomUUID()}.txt`, headers, file)).json();
    const { id } = kept as { id: string };
    return { token: visitor.token, path: `${path}/${id}/content` };
  };
  /** Begins to read a file and then stops reading. Returns the status. */
  const begin = async ({ token, path }: { token: string; path: string }, from: string) => {
    const socket = connect(Number(new URL(world.url).port), "127.0.0.1");
    sockets.push(socket);
    socket.on("error", () => undefined);
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nX-Forwarded-For: ${from}\r\n\r\n`,
    );
    const [bytes] = await once(socket, "data");
    socket.pause();
    return Number(String(bytes).slice(9, 12));
  };
  const sockets: Socket[] = [];
  const [one, another] = [await upload(), await upload()];
  const statuses: number[] = [];
  for (let n = 0; n < 24; n++) statuses.push(await begin(one, "203.0.113.1"));
  // One address has half of the 40 places.
  expect(statuses).toEqual([...Array(20).fill(200), ...Array(4).fill(429)]);
  expect(await begin(another, "203.0.113.2")).toBe(200);
  for (const socket of sockets) socket.destroy();
  await eventually(async () => expect(await begin(one, "203.0.113.1")).toBe(200));
  for (const socket of sockets) socket.destroy();
  const { status } = await callWeb(world.url, "GET", "/sessions", { token: one.token });
  expect(status).toBe(200);
});

/** A connection whose own half stays open whatever the server does. */
async function silentPeer(url: string): Promise<Socket> {
  const socket = connect({ port: Number(new URL(url).port), host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}
