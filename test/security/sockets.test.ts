import { once } from "node:events";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { closeDatabase, lockTable } from "../stories/database-outage.ts";
import { eventually } from "../support/eventually.ts";
import { goodBody, sign, signedChannels } from "./signed.ts";
import { startWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

const sockets: WebSocket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.terminate();
});

const open = async (): Promise<string> =>
  (await world.app.api("POST", "/chat/sessions", { agent_id: "echo" })).body.id;

/** Connects as a browser does: with a token for that session alone. */
async function connect(session: string) {
  const { body } = await world.app.api("POST", `/chat/sessions/${session}/ws_token`, {});
  const socket = new WebSocket(`${world.url.replace("http", "ws")}${body.path}`);
  sockets.push(socket);
  socket.on("error", () => undefined);
  const events: { event: string; data: { code?: string; content?: string } }[] = [];
  socket.on("message", (bytes) => events.push(JSON.parse(String(bytes))));
  await once(socket, "open");
  const count = (name: string) => events.filter(({ event }) => event === name).length;
  return { socket, events, count, send: (frame: unknown) => socket.send(JSON.stringify(frame)) };
}

async function expectTaken(): Promise<void> {
  expect((await fetch(`${world.url}/livez`)).status).toBe(200);
  for (const kind of signedChannels) {
    const body = goodBody(kind);
    expect([kind, (await world.post(`/webhooks/${kind}`, sign(kind, body), body)).status]).toEqual([
      kind,
      200,
    ]);
  }
}

describe("a socket client does not block others", () => {
  test.each<[string, unknown]>([
    ["pings", { type: "ping" }],
    ["cancels", { type: "cancel" }],
    ["cancels of an execution with an invalid id", { type: "cancel", execution_id: "\u0000\ud800" }],
    ["unknown frames", { type: "shout" }],
    ["empty messages", { type: "message", content: " " }],
    ["messages", { type: "message", content: "hello" }],
  ])("with a flood of %s", async (_, frame) => {
    const before = world.app.log.length;
    const client = await connect(await open());
    for (let n = 0; n < 3_000; n++) client.send(frame);
    await expectTaken();
    expect(client.events.length).toBeLessThan(3_000);
    client.socket.terminate();
    expect(world.app.log.slice(before).filter(({ level }) => level === "error")).toEqual([]);
  });

  test("with pings, which need no database query", async () => {
    const client = await connect(await open());
    const locked = await lockTable(world.app.database, "api_keys");
    client.send({ type: "ping" });
    await eventually(() => expect(client.count("pong")).toBe(1));
    await locked.release();
  });

  test("with long messages behind a waiting one, which stay in the network and are not lost", async () => {
    const MESSAGES = 30;
    const session = await open();
    const client = await connect(session);
    const locked = await lockTable(world.app.database, "messages");
    const content = "€".repeat(200_000);
    for (let n = 0; n < MESSAGES; n++) client.send({ type: "message", content });
    // By then a server that reads on has them all in its memory.
    for (let round = 0; round < 20; round++) expect((await fetch(`${world.url}/livez`)).status).toBe(200);
    expect(client.socket.bufferedAmount).toBeGreaterThan(2 * 1024 * 1024);
    await locked.release();
    await eventually(
      async () => {
        const asked = "SELECT count(*)::int AS stored FROM messages WHERE session_id = $1 AND role = 'user'";
        const { rows } = await world.pool.query(asked, [session]);
        expect(rows).toEqual([{ stored: MESSAGES }]);
      },
      { timeoutMs: 100_000 },
    );
    expect(client.count("error")).toBe(0);
  }, 300_000);

  test("with a message in very many pieces", async () => {
    const client = await connect(await open());
    const closed = once(client.socket, "close");
    for (let n = 0; n < 3_000; n++) client.socket.send("x", { fin: false });
    await closed;
    await expectTaken();
  });
});

test("a session has a limit of open sockets, and other sessions have their own", async () => {
  const session = await open();
  for (let n = 0; n < 20; n++) await connect(session);
  const { body } = await world.app.api("POST", `/chat/sessions/${session}/ws_token`, {});
  const refused = new WebSocket(`${world.url.replace("http", "ws")}${body.path}`);
  refused.on("error", () => undefined);
  const [, response] = await once(refused, "unexpected-response");
  expect([response.statusCode, response.headers["retry-after"]]).toEqual([429, "5"]);
  refused.terminate();
  await connect(await open());
  sockets.splice(0, 10).map((socket) => socket.terminate());
  await eventually(() => connect(session));
});

test("while the database is away each frame gets an error, and the log stays short", async () => {
  const socket = new WebSocket(`${world.url.replace("http", "ws")}/api/v1/chat/sessions/${await open()}/ws`, {
    headers: { authorization: `Bearer ${world.app.apiKey}` },
  });
  sockets.push(socket);
  const codes: string[] = [];
  socket.on("message", (bytes) => codes.push(JSON.parse(String(bytes)).data.code));
  await once(socket, "open");
  await using outage = await closeDatabase(world.app.database);
  const before = world.app.log.length;
  for (let n = 0; n < 30; n++) socket.send(JSON.stringify({ type: "cancel" }));
  await eventually(() => expect(codes.filter((code) => code === "database_unavailable")).toHaveLength(30));
  const lines = world.app.log.slice(before).filter(({ message }) => /socket/.test(message));
  expect(lines).toEqual([]);
  await outage.end();
});
