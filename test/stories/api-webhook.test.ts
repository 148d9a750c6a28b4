import { expect, test } from "vitest";
import { startTestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { startReplyEndpoint } from "../support/reply-endpoint.ts";

async function startWithEndpoint() {
  const endpoint = await startReplyEndpoint();
  const { url, secret } = endpoint;
  const app = await startTestApp({
    channels: { api: { kind: "api", agent: "echo", webhook: { url, secret } } },
  });
  const open = async (identifier: string) => {
    const { body } = await app.api("POST", "/chat/sessions", { agent_id: "echo", user: { identifier } });
    return body.id as string;
  };
  return {
    endpoint,
    ...app,
    open,
    async say(session: string, content: string) {
      const { status, body } = await app.api("POST", `/chat/sessions/${session}/messages`, { content });
      expect(status).toBe(201);
      return body.id as string;
    },
    async delivery(session: string) {
      const { body } = await app.api("GET", `/deliveries?session_id=${session}`);
      return body.data[0];
    },
    async [Symbol.asyncDispose]() {
      await app[Symbol.asyncDispose]();
      await endpoint.close();
    },
  };
}

test("an endpoint receives signed replies once and in order, from all sessions of a user", async () => {
  await using story = await startWithEndpoint();
  const sessions = await Promise.all([story.open("ada"), story.open("ada")]);
  for (const session of sessions) await story.say(session, "one");
  for (const text of ["two", "three"]) for (const session of sessions) await story.say(session, text);
  await eventually(() => expect(story.endpoint.taken.length).toBe(6));
  for (const session of sessions) {
    const posts = story.endpoint.taken.filter(({ session_id }) => session_id === session);
    expect(posts.map(({ content }) => content)).toEqual([
      "You said: one",
      "You said: two",
      "You said: three",
    ]);
    const { body } = await story.api("GET", `/chat/sessions/${session}/messages`);
    const replies = body.data.filter(({ role }: { role: string }) => role === "assistant");
    expect(posts.map(({ message_id }) => message_id)).toEqual(replies.map(({ id }: { id: string }) => id));
  }
  await eventually(async () => expect((await story.delivery(sessions[0])).status).toBe("delivered"));
});

test("a failing endpoint receives its replies later, in order, without delaying other sessions", async () => {
  await using story = await startWithEndpoint();
  const [troubled, other] = await Promise.all([story.open("ada"), story.open("bob")]);
  const recover = story.endpoint.refuse(troubled);
  await story.say(troubled, "one");
  await eventually(() => expect(story.endpoint.answers).toContain(500));
  await story.say(troubled, "two");
  await story.say(other, "hello");
  await eventually(() => expect(story.endpoint.taken.length).toBe(1));
  recover();
  await eventually(() => expect(story.endpoint.taken.length).toBe(3));
  const contents = story.endpoint.taken.map(({ content }) => content);
  expect(contents).toEqual(["You said: hello", "You said: one", "You said: two"]);
});

test("a post whose answer was lost is repeated with the same id, and is marked as a repetition", async () => {
  await using story = await startWithEndpoint();
  const session = await story.open("ada");
  story.endpoint.fail({ cut: "after" });
  await story.say(session, "hello");
  await eventually(() => expect(story.endpoint.taken.length).toBe(2));
  const [first, second] = story.endpoint.taken;
  expect(second).toEqual(first);
  await eventually(async () =>
    expect(await story.delivery(session)).toMatchObject({
      id: first?.delivery_id,
      status: "delivered",
      possible_duplicate: true,
      attempts: 2,
    }),
  );
});
