import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestApp } from "../support/app.ts";
import { newVisitor } from "../support/web-visitor.ts";
import { startChatApp } from "./chat-app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startChatApp({
    channels: { api: { kind: "api", agent: "echo" }, web: { kind: "web", agent: "echo" } },
  });
});
afterAll(() => app[Symbol.asyncDispose]());

const open = async (): Promise<string> =>
  (await app.api("POST", "/chat/sessions", { agent_id: "echo" })).body.id;
const get = async (id: string) => (await app.api("GET", `/chat/sessions/${id}`)).body;
const post = (id: string, action: string, body: unknown = {}) =>
  app.api("POST", `/chat/sessions/${id}/${action}`, body);

describe("a session's times", () => {
  it("are those of the last message, including the bot's", async () => {
    const id = await open();
    const answer = await post(id, "messages", { content: "Hello" });
    const session = await get(id);
    expect(session.last_activity_at).toBe(answer.body.created_at);
    expect(session.updated_at).toBe(answer.body.created_at);
    expect(session.last_activity_at > session.created_at).toBe(true);
  });

  it("do not change when somebody reads the session or changes nothing", async () => {
    const id = await open();
    await post(id, "messages", { content: "Hello" });
    const before = await get(id);
    await app.api("GET", "/chat/sessions");
    await app.api("GET", `/chat/sessions/${id}/messages`);
    await post(id, "render", { content: "What if?" });
    await post(id, "ws_token");
    for (const nothing of [{}, { title: before.title, metadata: {} }, { external_id: null }]) {
      await app.api("PATCH", `/chat/sessions/${id}`, nothing);
    }
    expect(await get(id)).toEqual(before);
  });

  it("distinguish a change from a message", async () => {
    const id = await open();
    const before = await get(id);
    await app.api("PATCH", `/chat/sessions/${id}`, { title: "New" });
    const changed = await get(id);
    expect([changed.updated_at > before.updated_at, changed.last_activity_at]).toEqual([
      true,
      before.last_activity_at,
    ]);
    await post(id, "end");
    const ended = await get(id);
    expect(ended.updated_at).toBe(ended.ended_at);
    expect([ended.ended_at > changed.updated_at, ended.last_activity_at]).toEqual([
      true,
      before.last_activity_at,
    ]);
  });

  it("start again in the session after a reset", async () => {
    const id = await open();
    const { body: next } = await post(id, "reset");
    const { ended_at } = await get(id);
    expect([next.created_at, next.updated_at, next.last_activity_at]).toEqual([ended_at, ended_at, ended_at]);
  });
});

it("the time in an answer equals the stored time", async () => {
  const visitor = await newVisitor(app.url);
  const session = await visitor.openSession();
  const answered = new Map<string, string>();
  for (let n = 0; n < 12; n++) {
    const { body } = await visitor.send(session, `message ${n}`);
    answered.set(body.id, body.created_at);
  }
  const { body } = await visitor.call("GET", `/sessions/${session}/messages?limit=100`);
  for (const { id, role, created_at } of body.data) {
    if (role === "user") expect(created_at).toBe(answered.get(id));
  }
  expect(answered.size).toBe(12);
});
