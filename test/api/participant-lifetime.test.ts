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

const get = async (id: string) => (await app.api("GET", `/chat/sessions/${id}`)).body;

/** Records data of a session's user. Returns a function that reads the user's data at any later time. */
async function note(sessionId: string) {
  const { user_id } = await get(sessionId);
  await app.api("PATCH", `/users/${user_id}/data/echo`, { mood: "good" });
  return async () => (await app.api("GET", `/users/${user_id}/data/echo`)).body;
}

describe("participant data of a user", () => {
  it("survives resets and ended sessions, and is in the next session", async () => {
    const user = { identifier: "ada" };
    const { body } = await app.api("POST", "/chat/sessions", { agent_id: "echo", user });
    const known = await note(body.id);
    const { body: next } = await app.api("POST", `/chat/sessions/${body.id}/reset`, {});
    expect(next.participant_data).toEqual({ mood: "good" });
    await app.api("POST", `/chat/sessions/${next.id}/end`, {});
    await app.api("DELETE", `/chat/sessions/${next.id}`);
    expect(await known()).toEqual({ mood: "good" });
    const again = await app.api("POST", "/chat/sessions", { agent_id: "echo", user });
    expect(again.body.participant_data).toEqual({ mood: "good" });
  });

  it("is not visible to another agent", async () => {
    const user = { identifier: "grace" };
    const { body } = await app.api("POST", "/chat/sessions", { agent_id: "echo", user });
    await note(body.id);
    const other = await app.api("POST", "/chat/sessions", { agent_id: "actor", user });
    expect([other.body.user_id, other.body.participant_data]).toEqual([body.user_id, {}]);
  });
});

describe("participant data of an anonymous visitor", () => {
  it.each([
    [
      "is reset by the visitor",
      async (id: string, visitor: Visitor) => {
        const { body } = await visitor.call("POST", `/sessions/${id}/reset`, {});
        expect((await get(body.id)).participant_data).toEqual({});
      },
    ],
    ["is ended over the API", (id: string) => app.api("POST", `/chat/sessions/${id}/end`, {})],
    ["is deleted", (id: string) => app.api("DELETE", `/chat/sessions/${id}`)],
  ])("is deleted when the session %s", async (_how, leave) => {
    const visitor = await newVisitor(app.url);
    const id = await visitor.openSession();
    const known = await note(id);
    expect([(await get(id)).participant_data, await known()]).toEqual([{ mood: "good" }, { mood: "good" }]);
    await leave(id, visitor);
    expect(await known()).toEqual({});
  });
});

type Visitor = Awaited<ReturnType<typeof newVisitor>>;
