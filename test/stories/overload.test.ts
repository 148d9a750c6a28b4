import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { expect, it } from "vitest";
import { writeEventStream } from "../../src/http/streams/event-stream.ts";
import { startTestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { createGatedChannel } from "../support/gated-channel.ts";
import { testPool } from "../support/postgres.ts";
import { newVisitor } from "../support/web-visitor.ts";
import { lockTable } from "./database-outage.ts";

const BOUNDS = {
  // One channel gets half of this limit.
  messages: { count: 20, bytes: 20_000 },
  bodies: { unproven: 200_000, visitor: 200_000, known: 200_000 },
  waitingForDatabase: 15,
};

/** All kinds of clients against small limits. */
async function startNarrow() {
  const gated = createGatedChannel();
  const app = await startTestApp({
    channels: {
      api: { kind: "api", agent: "echo" },
      web: { kind: "web", agent: "echo" },
      gated: { kind: "gated", agent: "echo" },
    },
    kinds: { gated: gated.definition },
    bounds: BOUNDS,
    env: { CAUSEWAY_DATABASE_CONNECTIONS: "20" },
  });
  const pool = testPool(app.database.url, 1);
  return {
    app,
    gated,
    /** A platform's webhook request: its status, and the time of the next attempt. */
    async hook(key: string, text = "hello") {
      const body = JSON.stringify({ chat: key, text, key });
      const response = await fetch(`${app.url}/webhooks/gated`, { method: "POST", body });
      return {
        status: response.status,
        retryAfter: response.headers.get("retry-after"),
        ...(await code(response)),
      };
    },
    async stored(): Promise<number> {
      const { rows } = await pool.query("SELECT count(*)::int AS n FROM messages WHERE role = 'user'");
      return rows[0].n;
    },
    async [Symbol.asyncDispose]() {
      await pool.end();
      await app[Symbol.asyncDispose]();
    },
  };
}

async function code(response: Response): Promise<{ code: string | null }> {
  const text = await response.text();
  return { code: text === "" ? null : JSON.parse(text).error.code };
}

const TURNED_AWAY = { status: 503, retryAfter: "2", code: "overloaded" };

it("limits how many messages of a channel wait for the database, answers those, and serves other channels", async () => {
  await using story = await startNarrow();
  const { app } = story;
  const session = (await app.api("POST", "/chat/sessions", { agent_id: "echo" })).body.id;
  const visitor = await newVisitor(app.url);
  const chat = await visitor.openSession();
  const locked = await lockTable(app.database, "messages");
  const answers = new Map<string, unknown>();
  const keys = Array.from({ length: 30 }, (_, index) => `chat-${index}`);
  const flood = keys.map(async (key) => answers.set(key, await story.hook(key)));
  // Twenty are refused at once. Ten wait for the database.
  await eventually(() => expect([...answers.values()]).toEqual(Array(20).fill(TURNED_AWAY)));
  const refused = [...answers.keys()];

  // The flood of one channel leaves room for the others, which wait for the database too.
  const asked = app.api("POST", `/chat/sessions/${session}/messages`, { content: "and the API" });
  const written = visitor.send(chat, "and the web");
  expect((await fetch(`${app.url}/livez`)).status).toBe(200);

  await locked.release();
  await Promise.all(flood);
  expect([(await asked).status, (await written).status]).toEqual([201, 202]);
  expect(await story.stored()).toBe(12);
  // There is room again, also for the refused ones, because a refused message does not count as seen.
  const again = [];
  for (const key of refused) again.push(await story.hook(key));
  expect(again.map(({ status }) => status)).toEqual(Array(20).fill(200));
  await eventually(() => expect(story.gated.sends).toHaveLength(30));
  // One log line for all of them, because a line for each would add load.
  expect(app.log.filter(({ message }) => /too many messages arrive/.test(message))).toHaveLength(1);
});

it("limits the bytes of waiting messages", async () => {
  await using story = await startNarrow();
  const locked = await lockTable(story.app.database, "messages");
  const answers: unknown[] = [];
  const flood = ["a", "b", "c"].map(async (key) => answers.push(await story.hook(key, "x".repeat(4_000))));
  await eventually(() => expect(answers).toEqual([TURNED_AWAY]));
  await locked.release();
  await Promise.all(flood);
  expect(await story.stored()).toBe(2);
});

it("refuses new requests while too many wait for database connections, and still accepts webhooks", async () => {
  await using story = await startNarrow();
  const { app } = story;
  const visitor = await newVisitor(app.url);
  const locked = await lockTable(app.database, "users");
  // More than all connections and waiting places together.
  const asking = Array.from({ length: 80 }, () => app.api("GET", "/users"));
  const early = await Promise.any(
    asking.map(async (answer) => {
      const { status, body, headers } = await answer;
      return [status, headers.get("retry-after"), body.error.code];
    }),
  );
  expect(early).toEqual([503, "2", "overloaded"]);
  const turnedAway = await visitor.call("GET", "/sessions");
  expect([turnedAway.status, turnedAway.body.error.code]).toEqual([503, "overloaded"]);
  const signed = story.hook("while");
  expect((await fetch(`${app.url}/livez`)).status).toBe(200);
  await locked.release();
  expect((await signed).status).toBe(200);
  const statuses = (await Promise.all(asking)).map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set([200, 503]));
});

it("sends a slow reader only as much as it takes, and disconnects a client that reads nothing", async () => {
  let asked = 0;
  let closed = false;
  async function* endless() {
    try {
      for (;;) yield { id: ++asked, event: "content", data: JSON.stringify("x".repeat(10_000)) };
    } finally {
      closed = true;
    }
  }
  await using server = createServer((_request, response) => {
    void writeEventStream(response, endless(), { stalledMs: 300 });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const reader = connect(port, "127.0.0.1");
  reader.pause();
  reader.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await eventually(() => expect(closed).toBe(true));
  // Only the amount that the two sockets hold, not all available data.
  expect(asked * 10_000).toBeLessThan(32 * 1024 * 1024);
  reader.destroy();
});
