import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Causeway, type FeedEvent } from "../../src/client/index.ts";
import { type ServerSent, serverSent } from "../stories/server-sent.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { signIn } from "../support/console.ts";
import { eventually } from "../support/eventually.ts";
import { addConversation } from "./api-rows.ts";

let app: TestApp;
let pool: pg.Pool;
let workspace: { id: string; slug: string };
beforeAll(async () => {
  app = await startTestApp();
  pool = new pg.Pool({ connectionString: app.database.url });
  pool.on("error", () => undefined);
  const { rows } = await pool.query("SELECT id FROM workspaces");
  workspace = { id: rows[0].id, slug: "default" };
});
afterAll(async () => {
  await pool.end();
  await app[Symbol.asyncDispose]();
});

interface Reader extends AsyncDisposable {
  seen: ServerSent[];
  /** Waits for an event whose data has these values. Returns the newest one. */
  comes(event: string, data?: object): Promise<ServerSent>;
  over: Promise<void>;
}

/** Reads the feed in the background, once it is ready. */
async function follow(options: { url?: string; headers?: Record<string, string> } = {}): Promise<Reader> {
  const leave = new AbortController();
  const headers = options.headers ?? { "X-API-Key": app.apiKey };
  const response = await fetch(`${options.url ?? app.url}/api/v1/feed`, { headers, signal: leave.signal });
  const seen: ServerSent[] = [];
  const over = (async () => {
    for await (const event of serverSent(response)) seen.push(event);
  })().catch(() => undefined);
  const reader: Reader = {
    seen,
    over,
    comes: (name, data = {}) =>
      eventually(() => {
        const found = seen.filter(({ event }) => event === name);
        expect(found.map((event) => event.data)).toContainEqual(expect.objectContaining(data));
        return found.findLast((event) => matches(event.data, data)) ?? expect.fail();
      }),
    async [Symbol.asyncDispose]() {
      leave.abort();
      await over;
    },
  };
  await eventually(() => expect(seen.length).toBeGreaterThan(0));
  return reader;
}

const matches = (data: Record<string, unknown>, wanted: object) =>
  Object.entries(wanted).every(([name, value]) => data[name] === value);

async function newSession(): Promise<string> {
  const user = { identifier: `u${Math.random()}`, name: "Ada" };
  return (await app.api("POST", "/chat/sessions", { agent_id: "echo", user })).body.id;
}
const say = (id: string, content: string) => app.api("POST", `/chat/sessions/${id}/messages`, { content });

describe("the feed", () => {
  it("reports sessions, messages and turns with the fields of a list row", async () => {
    await using reader = await follow();
    expect(reader.seen).toEqual([{ id: expect.any(Number), event: "ready", data: {} }]);
    const id = await newSession();
    const { body: answer } = await say(id, "Hello");
    await reader.comes("message", { session_id: id, role: "user", content: "Hello" });
    await reader.comes("message", { id: answer.id, role: "assistant", content: "You said: Hello", seq: 2 });
    await reader.comes("execution", { id: answer.execution_id, session_id: id, status: "completed" });
    const { data } = await eventually(async () => {
      const event = await reader.comes("session", { id, status: "active" });
      expect(event.data.last_message).toMatchObject({ role: "assistant", content: "You said: Hello" });
      return event;
    });
    expect(data).toMatchObject({ session_id: id, channel: "api", user: { name: "Ada" }, handoff: null });
    await app.api("POST", `/chat/sessions/${id}/end`, {});
    await reader.comes("session", { id, status: "completed", end_reason: "api" });
    const ids = reader.seen.map((event) => event.id ?? 0);
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
  });

  it("reports deliveries, handoffs and channels at each change", async () => {
    await using reader = await follow();
    const { deliveryId, sessionId, channelId } = await addConversation(pool, workspace);
    await reader.comes("delivery", {
      id: deliveryId,
      session_id: sessionId,
      status: "sent",
      channel: "telegram",
    });
    await pool.query(
      "UPDATE deliveries SET status = 'failed', error_code = '403', error = 'blocked' WHERE id = $1",
      [deliveryId],
    );
    await reader.comes("delivery", { id: deliveryId, status: "failed", error: "blocked" });

    const waiting = await newSession();
    const { body: handoff } = await app.api("POST", `/chat/sessions/${waiting}/handoff`, {
      reason: "refund",
    });
    await reader.comes("handoff", {
      id: handoff.id,
      session_id: waiting,
      state: "requested",
      reason: "refund",
    });
    await app.api("POST", `/chat/sessions/${waiting}/handoff/take`, { name: "Anna" });
    const taken = await reader.comes("handoff", { id: handoff.id, state: "taken" });
    expect(taken.data.holder).toEqual({ name: "Anna", via: "api" });
    await reader.comes("session", { id: waiting });

    await pool.query("UPDATE channels SET in_trouble = true, last_error = 'token' WHERE id = $1", [
      channelId,
    ]);
    await reader.comes("channel", { id: channelId, name: "telegram", state: "error" });
    // The feed also reports an old delivery that is sent again.
    await app.api("POST", `/deliveries/${deliveryId}/retry`);
    await eventually(() => {
      const states = reader.seen.filter(({ data }) => data.id === deliveryId).map(({ data }) => data.status);
      expect(states).toEqual(["sent", "failed", "queued"]);
    });
  });

  it("continues after a lost connection, and says when it is too late to continue", async () => {
    const id = await newSession();
    let lastId: number | null = null;
    {
      await using reader = await follow();
      await say(id, "one");
      await reader.comes("message", { session_id: id, content: "one" });
      lastId = reader.seen.at(-1)?.id ?? null;
    }
    await say(id, "two");
    const from = (last: number | string) =>
      follow({ headers: { "X-API-Key": app.apiKey, "Last-Event-ID": String(last) } });
    {
      await using again = await from(lastId ?? 0);
      await again.comes("message", { session_id: id, content: "two" });
      expect(again.seen.filter(({ data }) => data.content === "one")).toEqual([]);
      expect(again.seen.filter(({ event }) => event === "reset" || event === "ready")).toEqual([]);
    }
    await using late = await from(17);
    expect(late.seen[0]).toMatchObject({ event: "reset", data: { reason: "too_old" } });
    await say(id, "three");
    await late.comes("message", { session_id: id, content: "three" });
    const headers = { "X-API-Key": app.apiKey, "Last-Event-ID": "yesterday" };
    expect((await fetch(`${app.url}/api/v1/feed`, { headers })).status).toBe(400);
  });

  it("shows nothing of other workspaces, and handoffs only to a key that may read them", async () => {
    const { body: key } = await app.api("POST", "/api_keys", { name: "reader", scopes: ["sessions:read"] });
    await using reader = await follow({ headers: { "X-API-Key": key.secret } });
    await pool.query("INSERT INTO workspaces (id, slug) VALUES ($1, 'other')", ["0".repeat(27)]);
    const foreign = await addConversation(pool, { id: "0".repeat(27), slug: "other" });
    const id = await newSession();
    const { body: handoff } = await app.api("POST", `/chat/sessions/${id}/handoff`, {});
    await eventually(async () => {
      const { data } = await reader.comes("session", { id });
      expect(data.handoff).toMatchObject({ id: handoff.id, state: "requested" });
    });
    expect(reader.seen.filter(({ event }) => event === "handoff")).toEqual([]);
    for (const name of Object.values(foreign)) expect(JSON.stringify(reader.seen)).not.toContain(name);
  });

  it("reports events from another process", async () => {
    await using other = await startTestApp({ database: app.database });
    await using reader = await follow({ url: other.url });
    const id = await newSession();
    await say(id, "Hello from afar");
    await reader.comes("message", { session_id: id, content: "Hello from afar" });
  });

  it("is read by the client until the client stops", async () => {
    const leave = new AbortController();
    const client = new Causeway({ apiKey: app.apiKey, baseUrl: app.url });
    const seen: FeedEvent[] = [];
    const reading = (async () => {
      for await (const event of client.feed({ signal: leave.signal })) seen.push(event);
    })();
    await eventually(() => expect(seen.map(({ type }) => type)).toEqual(["ready"]));
    const id = await newSession();
    await eventually(() => {
      const session = seen.find(({ type, data }) => type === "session" && data.id === id);
      expect(session?.data).toMatchObject({ sessionId: id, lastMessage: null });
    });
    leave.abort();
    await expect(reading).rejects.toThrow();
  });

  it("ends with the console session or key that opened it", async () => {
    const { body: key } = await app.api("POST", "/api_keys", { name: "short", scopes: ["sessions:read"] });
    const person = await signIn(app.url, { key: key.secret });
    const guest = await signIn(app.url, { key: key.secret });
    await using one = await follow({ headers: { cookie: person.cookie } });
    await using two = await follow({ headers: { cookie: guest.cookie } });
    await person.call("DELETE", "/console/session");
    await one.over;
    const id = await newSession();
    await two.comes("session", { id });
    await app.api("DELETE", `/api_keys/${key.id}`);
    await two.over;
  });
});
