import { once } from "node:events";
import { expect, it } from "vitest";
import { WebSocket } from "ws";
import { Causeway } from "../../src/client/index.ts";
import { newId } from "../../src/core/ids.ts";
import { newSecret } from "../../src/keys/api-key.ts";
import { createKeyRepository } from "../../src/keys/key-repository.ts";
import type { TestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { testPool } from "../support/postgres.ts";
import { startChatApp } from "./chat-app.ts";

/** One message now, and the next a minute later. So a second one is refused even on a slow machine. */
const ONCE = "1";

const limited = {
  error: expect.objectContaining({ code: "rate_limited", details: { retry_after: expect.any(Number) } }),
};

async function open(app: TestApp, identifier?: string): Promise<string> {
  const user = identifier === undefined ? {} : { user: { identifier } };
  return (await app.api("POST", "/chat/sessions", { agent_id: "echo", ...user })).body.id;
}

const say = (app: TestApp, id: string, headers: Record<string, string> = {}) =>
  app.api("POST", `/chat/sessions/${id}/messages`, { content: "Hello" }, headers);

it("a user's rate counts messages of every session, key and route, and delays nobody else", async () => {
  await using app = await startChatApp({ env: { CAUSEWAY_USER_RATE: ONCE } });
  const [first, second] = [await open(app, "ada"), await open(app, "ada")];
  expect((await say(app, first)).status).toBe(201);

  const refused = await say(app, second);
  expect([refused.status, refused.body]).toEqual([429, limited]);
  const seconds = Number(refused.headers.get("retry-after"));
  expect([seconds > 0, seconds <= 60]).toEqual([true, true]);
  expect((await app.api("GET", `/chat/sessions/${second}/messages`)).body.meta.total).toBe(0);

  const key = await app.api("POST", "/api_keys", { name: "Another", scopes: ["messages:write"] });
  expect((await say(app, first, { authorization: `Bearer ${key.body.secret}` })).status).toBe(429);
  const content = "Hello";
  expect((await app.api("POST", `/chat/sessions/${first}/messages/stream`, { content })).status).toBe(429);

  expect((await say(app, await open(app, "grace"))).status).toBe(201);
  const nobodys = await open(app);
  expect([(await say(app, nobodys)).status, (await say(app, nobodys)).status]).toEqual([201, 201]);
});

it("a key's rate counts requests, sockets, and messages over sockets", async () => {
  await using app = await startChatApp({ env: { CAUSEWAY_KEY_RATE: ONCE } });
  const session = (await app.api("POST", "/chat/sessions", { agent_id: "echo" })).body;
  const pool = testPool(app.database.url, 1);
  const newKey = async () => {
    const secret = newSecret();
    const keys = createKeyRepository(app.app.engine.database);
    const { workspace_id: workspaceId } = session;
    await keys.create({ id: newId(), workspaceId, name: "key", scopes: ["admin"], secret });
    return { authorization: `Bearer ${secret}` };
  };
  const [requests, sockets] = [await newKey(), await newKey()];
  await pool.end();
  const connect = (headers: Record<string, string>) =>
    new WebSocket(`${app.url.replace("http", "ws")}/api/v1/chat/sessions/${session.id}/ws`, { headers });

  expect((await app.api("GET", `/chat/sessions/${session.id}`, undefined, requests)).status).toBe(200);
  const refused = await app.api("GET", `/chat/sessions/${session.id}`, undefined, requests);
  expect([refused.status, refused.body]).toEqual([429, limited]);
  const outside = connect(requests);
  outside.on("error", () => undefined);
  const [, response] = await once(outside, "unexpected-response");
  expect([response.statusCode, Number(response.headers["retry-after"]) > 0]).toEqual([429, true]);
  outside.terminate();

  const socket = connect(sockets);
  const frames: { event: string; data: unknown }[] = [];
  socket.on("message", (bytes) => frames.push(JSON.parse(String(bytes))));
  await once(socket, "open");
  socket.send(JSON.stringify({ type: "message", content: "Hello" }));
  await eventually(() => expect(frames).toHaveLength(1));
  const data = expect.objectContaining({ code: "rate_limited", retry_after: expect.any(Number) });
  expect(frames[0]).toMatchObject({ event: "error", data });
  socket.terminate();
});

it("an agent with a used-up budget answers 429 until its window is over, and the message stays", async () => {
  const limits = [{ per: "user", window: "30d", messages: 1 }];
  await using app = await startChatApp({
    agents: { echo: { bot: { type: "echo" }, budgets: { limits, reply: "Enough for now." } } },
  });
  const id = await open(app, "ada");
  expect((await say(app, id)).status).toBe(201);

  const key = { "idempotency-key": "once" };
  const refused = await say(app, id, key);
  const seconds = Number(refused.headers.get("retry-after"));
  expect([refused.status, seconds > 0, seconds <= 30 * 86_400]).toEqual([429, true, true]);
  const { execution_id: executionId } = refused.body.error.details;
  expect(refused.body.error).toMatchObject({ code: "budget_exceeded", details: { retry_after: seconds } });
  // A repeated message counts only once.
  expect((await say(app, id, key)).body.error.details.execution_id).toBe(executionId);
  expect((await app.api("GET", `/executions/${executionId}`)).body).toMatchObject({
    status: "failed",
    error: { code: "budget_exceeded" },
  });
  const { body } = await app.api("GET", `/chat/sessions/${id}/messages?include=notice`);
  expect(body.data.map((message: { content: string }) => message.content)).toEqual([
    "Hello",
    "You said: Hello",
    "Hello",
    "Enough for now.",
  ]);

  const client = new Causeway({ baseUrl: app.url, apiKey: app.apiKey });
  const asked = client.chat.sendMessage(id, { content: "Hello?" });
  await expect(asked).rejects.toMatchObject({ status: 429, code: "budget_exceeded" });
});
