import { expect, test } from "vitest";
import { startTestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { controlAt } from "../support/simulator.ts";

interface Call {
  name: string;
  request: { body: string };
  answer: { status: number };
}

test("the bot answers customers as the business account, and pauses when the owner writes", async () => {
  const script = {
    type: "script",
    replies: [{ match: "choose", say: "Which?", buttons: [{ label: "One" }] }],
    sequence: [{ say: "We are open." }],
  };
  await using app = await startTestApp({
    agents: { agent: { bot: script, handoff: { ownPhone: true, idleMinutes: 30 } } },
    channels: { telegram: { kind: "telegram", agent: "agent", simulate: true } },
  });
  const control = controlAt(app.url);
  const say = async (chat: string, text: string, from?: string) =>
    expect(await control("POST", `/telegram/chats/${chat}/messages`, { text, from })).toMatchObject({
      status: 201,
      body: { text, ...(from === undefined ? {} : { name: from }) },
    });
  const sees = (chat: string, texts: string[]) =>
    eventually(async () => {
      const { body } = await control("GET", `/telegram/chats/${chat}`);
      expect(body.map(({ text }: { text: string }) => text)).toEqual(texts);
    });
  const calls = async (name: string) => {
    const log: Call[] = (await control("GET", "/log")).body;
    const made = log.filter((call) => call.name === name && call.answer?.status === 200);
    return made.map(({ request }) => JSON.parse(request.body));
  };

  await say("ada@olga", "choose");
  await sees("ada@olga", ["choose", "Which?"]);
  const [first] = await calls("sendMessage");
  expect(first).toMatchObject({ business_connection_id: expect.any(String), text: "Which?" });
  // Her own chat with the bot is another conversation.
  await say("ada", "hello");
  await sees("ada", ["hello", "We are open."]);
  expect((await calls("sendMessage"))[1]).not.toHaveProperty("business_connection_id");

  await control("POST", "/telegram/chats/ada@olga/press", { label: "One" });
  await sees("ada@olga", ["choose", "Which?", "We are open."]);
  const { business_connection_id } = first;
  await eventually(async () =>
    expect(await calls("editMessageReplyMarkup")).toMatchObject([{ business_connection_id }]),
  );

  await say("ada@olga", "I am here myself.", "olga");
  await say("ada@olga", "Great!");
  const { data: sessions } = (await app.api("GET", "/chat/sessions?channel=telegram")).body;
  const { id } = sessions.find(({ user }: { user: { identifier: string } }) =>
    user.identifier.includes(":b"),
  );
  await eventually(async () => {
    const { body: messages } = await app.api("GET", `/chat/sessions/${id}/messages`);
    expect(messages.data.slice(-2)).toMatchObject([
      { content: "I am here myself.", origin: "operator", author: { name: "olga", via: "telegram" } },
      { content: "Great!", role: "user", execution_id: null },
    ]);
  });
  const { body: session } = await app.api("GET", `/chat/sessions/${id}`);
  expect(session.handoff).toMatchObject({ state: "taken", holder: { name: "olga", via: "phone" } });

  // The owner takes the right to answer back, and the delivery says so.
  await control("POST", "/telegram/business/olga", { can_reply: false });
  await say("bela@olga", "hello");
  await eventually(async () => {
    const { data: failed } = (await app.api("GET", "/deliveries?status=failed")).body;
    expect(failed).toMatchObject([{ error: expect.stringContaining("BUSINESS_PEER_INVALID") }]);
  });
  await sees("ada@olga", ["choose", "Which?", "We are open.", "I am here myself.", "Great!"]);
});
