import { once } from "node:events";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import type { TestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { startChatApp } from "./chat-app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startChatApp();
});
afterAll(() => app[Symbol.asyncDispose]());

interface Frame {
  id: number | null;
  event: string;
  data: Record<string, unknown>;
  execution_id: string | null;
  session_id: string;
}

const sockets: WebSocket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.terminate();
});

const key = () => ({ authorization: `Bearer ${app.apiKey}` });
const open = async (agent = "actor"): Promise<string> =>
  (await app.api("POST", "/chat/sessions", { agent_id: agent })).body.id;

async function connect(id: string, query = "", headers: Record<string, string> = key()) {
  const url = `${app.url.replace("http", "ws")}/api/v1/chat/sessions/${id}/ws${query}`;
  const socket = new WebSocket(url, { headers });
  sockets.push(socket);
  const frames: Frame[] = [];
  socket.on("message", (bytes) => frames.push(JSON.parse(String(bytes))));
  const refused = new Promise<{ status: number; body: string }>((resolve) => {
    socket.on("unexpected-response", (_request, response) => {
      let body = "";
      response.on("data", (chunk) => {
        body += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
  });
  socket.on("error", () => undefined);
  const outcome = await Promise.race([once(socket, "open").then(() => null), refused]);
  return {
    socket,
    frames,
    refused: outcome,
    send: (frame: unknown) => socket.send(typeof frame === "string" ? frame : JSON.stringify(frame)),
    until: (condition: (frame: Frame) => boolean) =>
      eventually(() => {
        const found = frames.find(condition);
        if (!found) throw new Error(`not yet: ${JSON.stringify(frames)}`);
        return found;
      }),
  };
}

const isEnd = (frame: Frame) => frame.event === "done" || frame.event === "error";
const names = (frames: Frame[]) => frames.map(({ event }) => event);
const text = (frames: Frame[]) =>
  frames.flatMap(({ event, data }) => (event === "content" ? [data.content] : [])).join("");

describe("a session's socket", () => {
  it("carries the events of the stream in the same order", async () => {
    const id = await open();
    const client = await connect(id);
    client.send({ type: "message", content: "think" });
    await client.until(isEnd);
    const socketed = client.frames;
    expect(names(socketed).slice(0, 4)).toEqual(["execution", "thinking", "tool_start", "tool_end"]);
    expect(text(socketed)).toBe("Here it is.");
    const execution = socketed[0]?.execution_id;
    expect(socketed.every((frame) => frame.execution_id === execution && frame.session_id === id)).toBe(true);
    const { body } = await app.api("GET", `/executions/${execution}`);
    expect(socketed[0]).toEqual({ ...body.events[0], execution_id: execution, session_id: id });
    expect(socketed.at(-1)).toEqual({ ...body.events.at(-1), execution_id: execution, session_id: id });
  });

  it("answers several messages in their order", async () => {
    const id = await open("echo");
    const client = await connect(id);
    for (const content of ["one", "two", "three"]) client.send({ type: "message", content });
    await eventually(() => expect(client.frames.filter(isEnd)).toHaveLength(3));
    expect(text(client.frames)).toBe("You said: oneYou said: twoYou said: three");
  });

  it("shows other people's messages in the session", async () => {
    const id = await open("echo");
    const client = await connect(id);
    await app.api("POST", `/chat/sessions/${id}/messages`, { content: "From elsewhere" });
    await client.until(isEnd);
    expect(text(client.frames)).toBe("You said: From elsewhere");
  });

  it("stores a message once under one key", async () => {
    const id = await open("echo");
    const client = await connect(id);
    const message = { type: "message", content: "Once", idempotency_key: "k" };
    client.send(message);
    client.send(message);
    client.send({ type: "message", content: "Twice" });
    await eventually(() => expect(client.frames.filter(isEnd)).toHaveLength(2));
    const { body } = await app.api("GET", `/chat/sessions/${id}/messages`);
    expect(body.meta.total).toBe(4);
  });

  it("refuses a different message under a used key", async () => {
    const id = await open("echo");
    const client = await connect(id);
    for (const content of ["One", "Another"])
      client.send({ type: "message", content, idempotency_key: "k\u0000" });
    const refused = await client.until(({ event }) => event === "error");
    expect(refused.data.code).toBe("idempotency_key_reused");
    await eventually(() => expect(text(client.frames)).toBe("You said: One"));
  });

  it("cancels a turn, and answers pings", async () => {
    const id = await open();
    const client = await connect(id);
    client.send({ type: "message", content: "wait" });
    const begun = await client.until(({ event }) => event === "execution");
    client.send({ type: "ping" });
    await client.until(({ event }) => event === "pong");
    client.send({ type: "cancel", execution_id: begun.execution_id });
    expect(await client.until(isEnd)).toMatchObject({
      event: "error",
      data: { code: "cancelled" },
      execution_id: begun.execution_id,
    });
  });

  it("cancels the running turn if the call names no execution", async () => {
    const id = await open();
    const client = await connect(id);
    client.send({ type: "cancel" });
    const idle = await client.until(({ event }) => event === "error");
    expect(idle).toMatchObject({ data: { code: "nothing_to_cancel" }, execution_id: null });
    client.send({ type: "message", content: "wait" });
    client.send({ type: "cancel" });
    await client.until(({ event, data }) => event === "error" && data.code === "cancelled");
  });

  it("reports a frame that it does not understand, and continues", async () => {
    const id = await open("echo");
    const other = await open("echo");
    const elsewhere = await app.api("POST", `/chat/sessions/${other}/messages`, { content: "Hi" });
    const client = await connect(id);
    for (const frame of [
      "{",
      "[]",
      { type: "shout" },
      { type: "message" },
      { type: "message", content: " " },
      { type: "message", content: "x", role: "system" },
    ]) {
      client.send(frame);
    }
    client.send({ type: "cancel", execution_id: elsewhere.body.execution_id });
    await eventually(() => expect(client.frames).toHaveLength(7));
    expect(client.frames.map(({ event, data }) => [event, data.code])).toEqual([
      ...Array.from({ length: 6 }, () => ["error", "invalid_frame"]),
      ["error", "execution_not_found"],
    ]);
    expect(client.frames.slice(0, 6).map(({ data }) => data.message)).toEqual(
      [
        "it is not valid JSON",
        "expected object, received array",
        'type: must be one of "message", "cancel", "ping"',
        "content: expected some text",
        "content: expected some text",
        "role: is not known here",
      ].map((problem) => `Expected a message, cancel or ping as JSON: ${problem}.`),
    );
    client.send({ type: "message", content: "Still here" });
    await client.until(({ event }) => event === "done");
  });

  it("continues after a lost connection", async () => {
    const id = await open();
    const before = await connect(id);
    before.send({ type: "message", content: "slowly" });
    await eventually(() => expect(before.frames.filter(({ event }) => event === "content").length).toBe(2));
    before.socket.terminate();
    const seen = [...before.frames];
    const last = seen.at(-1);
    const after = await connect(id, `?execution_id=${last?.execution_id}&last_event_id=${last?.id}`);
    await after.until(isEnd);
    expect(text(seen) + text(after.frames)).toBe("one two three four five six");
    expect(names(after.frames)).not.toContain("execution");
  });

  it("reads a last event id without execution as one of the newest turn", async () => {
    const id = await open();
    const before = await connect(id);
    before.send({ type: "message", content: "slowly" });
    await eventually(() => expect(before.frames.filter(({ event }) => event === "content").length).toBe(2));
    before.socket.terminate();
    const seen = [...before.frames];
    const byQuery = await connect(id, `?last_event_id=${seen.at(-1)?.id}`);
    const byHeader = await connect(id, "", { ...key(), "last-event-id": String(seen.at(-1)?.id) });
    for (const after of [byQuery, byHeader]) {
      await after.until(isEnd);
      expect(text(seen) + text(after.frames)).toBe("one two three four five six");
      expect(names(after.frames)).not.toContain("execution");
    }
    expect((await connect(id, "?last_event_id=soon")).refused?.status).toBe(400);
  });

  it("sends the complete turns that were missed", async () => {
    const id = await open("echo");
    const before = await connect(id);
    before.send({ type: "message", content: "one" });
    const last = await before.until(isEnd);
    before.socket.terminate();
    await app.api("POST", `/chat/sessions/${id}/messages`, { content: "two" });
    await app.api("POST", `/chat/sessions/${id}/messages`, { content: "three" });
    const after = await connect(id, `?execution_id=${last.execution_id}&last_event_id=${last.id}`);
    await eventually(() => expect(after.frames.filter(isEnd)).toHaveLength(2));
    expect(text(after.frames)).toBe("You said: twoYou said: three");
  });

  it("follows the session that a reset opens", async () => {
    const id = await open("echo");
    const client = await connect(id);
    client.send({ type: "message", content: "/reset" });
    const done = await client.until(isEnd);
    expect(text(client.frames)).toBe("Conversation reset.");
    expect(done.session_id).not.toBe(id);
    client.send({ type: "message", content: "Hello again" });
    await client.until((frame) => isEnd(frame) && frame.execution_id !== null);
    expect(client.frames.at(-1)?.session_id).toBe(done.session_id);
  });
});

describe("opening a socket", () => {
  it("needs a key", async () => {
    const id = await open();
    const { refused } = await connect(id, "", {});
    expect(refused?.status).toBe(401);
    expect(JSON.parse(refused?.body ?? "").error.code).toBe("unauthorized");
    expect((await connect(id, "", { authorization: "Bearer nonsense" })).refused?.status).toBe(401);
  });

  it("needs an existing session, and an execution of that session", async () => {
    expect((await connect("nothing")).refused?.status).toBe(404);
    const id = await open();
    expect((await connect(id, "?execution_id=nothing&last_event_id=1")).refused?.status).toBe(404);
    expect((await connect(id, "?execution_id=nothing")).refused?.status).toBe(400);
  });

  it("works from a browser with a token for that session only", async () => {
    const id = await open("echo");
    const { status, body } = await app.api("POST", `/chat/sessions/${id}/ws_token`, {});
    expect(status).toBe(201);
    expect(body.path).toBe(`/api/v1/chat/sessions/${id}/ws?token=${body.token}`);
    // The platform's own WebSocket, which sends no headers, as in browsers.
    const client = await connect(id, `?token=${body.token}`, {});
    client.send({ type: "message", content: "Hi" });
    await client.until(({ event }) => event === "done");
    const other = await open("echo");
    expect((await connect(other, `?token=${body.token}`, {})).refused?.status).toBe(401);
    expect((await connect(id, "?token=cws_nonsense", {})).refused?.status).toBe(401);
  });

  it("closes when its key is revoked", async () => {
    const id = await open("echo");
    const made = await app.api("POST", "/api_keys", {
      name: "short-lived",
      scopes: ["messages:write", "sessions:read"],
    });
    const secret = made.body.secret ?? made.body.key;
    const bearer = { authorization: `Bearer ${secret}` };
    const client = await connect(id, "", bearer);
    const { body } = await app.api("POST", `/chat/sessions/${id}/ws_token`, {}, bearer);
    const closed = once(client.socket, "close");
    await app.api("DELETE", `/api_keys/${made.body.id}`);
    client.send({ type: "message", content: "Too late" });
    expect((await closed)[0]).toBe(4401);
    expect((await connect(id, `?token=${body.token}`, {})).refused?.status).toBe(401);
    const { body: list } = await app.api("GET", `/chat/sessions/${id}/messages`);
    expect(list.meta.total).toBe(0);
  });

  it("needs the write scope", async () => {
    const id = await open("echo");
    const made = await app.api("POST", "/api_keys", { name: "reader", scopes: ["sessions:read"] });
    const secret = made.body.secret ?? made.body.key;
    const { refused } = await connect(id, "", { authorization: `Bearer ${secret}` });
    expect(refused?.status).toBe(403);
  });

  it("needs a WebSocket upgrade request", async () => {
    const id = await open("echo");
    const { status, body } = await app.api("GET", `/chat/sessions/${id}/ws`);
    expect([status, body.error.code]).toEqual([426, "upgrade_required"]);
    const { body: made } = await app.api("POST", `/chat/sessions/${id}/ws_token`, {});
    const withToken = await fetch(`${app.url}${made.path}`);
    expect([withToken.status, withToken.headers.get("upgrade")]).toEqual([426, "websocket"]);
    expect((await fetch(`${app.url}/api/v1/chat/sessions/${id}/ws`)).status).toBe(401);
  });
});
