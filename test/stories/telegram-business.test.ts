import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { startTelegramStory } from "./telegram-story.ts";

const ADA = { id: 777_001, is_bot: false, first_name: "Ada" };
const OLGA = { id: 888_002, is_bot: false, first_name: "Olga" };
const CONNECTION = "connection-1";

test("the bot answers customers as the business account, and pauses when the owner writes", async () => {
  await using story = await startTelegramStory({
    agent: {
      bot: {
        type: "script",
        replies: [{ match: "choose", say: "Which?", buttons: [{ label: "One" }] }],
        sequence: [{ say: "We are open." }],
      },
      handoff: { ownPhone: true, idleMinutes: 30 },
    },
  });
  let id = 0;
  const write = async (from: typeof ADA, text: string) => {
    const chat = { id: ADA.id, type: "private", first_name: ADA.first_name };
    const business_message = {
      ...{ message_id: ++id, date: 1_790_000_000, from, chat, text },
      business_connection_id: CONNECTION,
    };
    expect(await story.post({ update_id: 600_000 + id, business_message })).toBe(200);
  };
  const payloads = (method: string) =>
    story.fake.calls.filter((call) => call.method === method).map(({ payload }) => payload);

  await write(ADA, "choose");
  await eventually(() => expect(story.texts(ADA.id)).toEqual(["Which?"]));
  expect(payloads("sendMessage")).toMatchObject([
    { chat_id: ADA.id, business_connection_id: CONNECTION, text: "Which?" },
  ]);
  // Her own chat with the bot is another conversation.
  await story.say(ADA.id, "hello");
  await eventually(() => expect(story.texts(ADA.id)).toEqual(["Which?", "We are open."]));
  expect(payloads("sendMessage")[1]).not.toHaveProperty("business_connection_id");

  const [button] = story.sentTo(ADA.id)[0]?.keyboard?.flat() ?? [];
  const callback_query = {
    id: "1",
    from: ADA,
    data: button?.callback_data,
    message: {
      message_id: story.sentTo(ADA.id)[0]?.messageId,
      chat: { id: ADA.id, type: "private" },
      business_connection_id: CONNECTION,
    },
  };
  await story.post({ update_id: 700_001, callback_query });
  await eventually(() => expect(story.texts(ADA.id)).toEqual(["Which?", "We are open.", "We are open."]));
  await eventually(() =>
    expect(payloads("editMessageReplyMarkup")).toMatchObject([{ business_connection_id: CONNECTION }]),
  );

  await write(OLGA, "I am here myself.");
  await write(ADA, "Great!");
  const [session] = await story.rows<{ id: string }>("SELECT id FROM sessions WHERE address LIKE '%:b%'");
  const { body } = await story.app.api("GET", `/chat/sessions/${session?.id}`);
  expect(body.handoff).toMatchObject({ state: "taken", holder: { name: "Olga", via: "phone" } });
  const { body: messages } = await story.app.api("GET", `/chat/sessions/${session?.id}/messages`);
  expect(messages.data.slice(-2)).toMatchObject([
    { content: "I am here myself.", origin: "operator", author: { name: "Olga", via: "telegram" } },
    { content: "Great!", role: "user", execution_id: null },
  ]);
  expect(story.texts(ADA.id)).toHaveLength(3);
});
