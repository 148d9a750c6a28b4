import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Channel } from "../../src/channels/channel.ts";
import { eventually } from "../support/eventually.ts";
import { type FakeTelegram, startFakeTelegram } from "../support/fake-telegram.ts";
import { createSubjectTools, partOf } from "./conformance-subject.ts";
import { telegramChannel, updateWith, webhook } from "./telegram-subject.ts";

// All people who write to a channel directly share one chat there. Each of them has a topic.

const CHAT = { id: -1001000000013, type: "supergroup", title: "Chan DMs", is_direct_messages: true };
const ADA = { id: 777001, is_bot: false, first_name: "Ada" };
const BOB = { id: 777002, is_bot: false, first_name: "Bob" };
const MESSAGE_ID = "0".repeat(27);
const soon = () => AbortSignal.timeout(10_000);

let fake: FakeTelegram;
let channel: Channel;
let tools: ReturnType<typeof createSubjectTools>;

beforeEach(async () => {
  tools = createSubjectTools();
  fake = await startFakeTelegram();
  fake.directMessages.add(CHAT.id);
  channel = telegramChannel(fake, {
    log: tools.log,
    findButtons: tools.findButtons,
    config: { streaming: true, username: "causeway_bot" },
  });
});
afterEach(async () => {
  await channel.stop?.();
  await fake.close();
});

const from = (person: typeof ADA) => ({
  chat: CHAT,
  from: person,
  direct_messages_topic: { topic_id: person.id, user: person },
});

async function eventsOf(update: object) {
  const received = await channel.receive(webhook(update));
  return received.kind === "accepted" ? received.events : expect.fail("not accepted");
}

describe("a direct message to a channel", () => {
  test.each([
    [ADA, `${CHAT.id}:d777001`],
    [BOB, `${CHAT.id}:d777002`],
  ])("from %j is for the bot, in that person's own conversation", async (person, address) => {
    expect(await eventsOf(updateWith({ ...from(person), text: "hello, who are you?" }))).toMatchObject([
      {
        text: "hello, who are you?",
        userName: person.first_name,
        conversation: { address, userIdentifier: address, partOf: address.split(":d")[1] },
      },
    ]);
  });

  test.each([
    ["@causeway_bot my PIN is 4711", "my PIN is 4711"],
    ["/reset", "/reset"],
    ["/reset@other_bot", null],
  ])("with the text %j is read as %j", async (text, expected) => {
    const [event] = await eventsOf(updateWith({ ...from(ADA), text }));
    expect(event?.type === "message" ? event.text : null).toBe(expected);
  });

  test("without a topic is ignored", async () => {
    expect(await eventsOf(updateWith({ chat: CHAT, from: ADA, text: "@causeway_bot hi" }))).toEqual([]);
  });

  test("that is written in the channel's name is for the bot only if it mentions the bot", async () => {
    const answer = { ...from(ADA), from: BOB, sender_chat: { id: -100700, type: "channel", title: "News" } };
    expect(await eventsOf(updateWith({ ...answer, text: "Thanks for writing" }))).toEqual([]);
    expect(await eventsOf(updateWith({ ...answer, text: "@causeway_bot help her" }))).toMatchObject([
      { text: "help her", conversation: { address: `${CHAT.id}:d777001` } },
    ]);
  });
});

describe("a reply to a direct message to a channel", () => {
  const address = `${CHAT.id}:d777001`;

  test("goes into the topic, as text and as a file", async () => {
    expect(await channel.send(partOf(address, "hello"), soon())).toMatchObject({ kind: "sent" });
    const file = {
      kind: "image" as const,
      name: null,
      contentType: null,
      url: "https://files.example/a.png",
    };
    expect(await channel.send({ ...partOf(address, "link"), file }, soon())).toMatchObject({ kind: "sent" });
    expect(fake.sent).toMatchObject([
      { chatId: CHAT.id, directTopicId: 777001, threadId: null, text: "hello" },
      { chatId: CHAT.id, directTopicId: 777001, threadId: null },
    ]);
    expect(await channel.canReach?.(address)).toEqual({ kind: "reachable" });
  });

  test("has its preview in the topic, and ends there", async () => {
    const standing: string[] = [];
    const onStanding = (preview: string) => void standing.push(preview);
    const target = { address, executionId: "execution", userIdentifier: address, onStanding };
    const stream = channel.openStream?.(target);
    stream?.show("Once");
    await eventually(() => expect(standing).toHaveLength(1));
    await stream?.close();
    const part = { ...partOf(address, "Once upon a time"), preview: standing[0] ?? "" };
    expect(await channel.send(part, soon())).toMatchObject({ kind: "sent" });
    expect(fake.sent).toMatchObject([{ directTopicId: 777001, text: "Once upon a time" }]);
  });

  test("shows no typing indicator, because such chats have none", async () => {
    await channel.typing?.(address, soon());
    expect(fake.calls).toEqual([]);
  });

  test("has buttons that only its recipient can press", async () => {
    const buttons = [{ label: "Yes", payload: "yes" }];
    tools.offer(MESSAGE_ID, { address, buttons });
    const press = (topic: object) => ({
      update_id: 7,
      callback_query: {
        id: "query",
        from: ADA,
        data: `b:${MESSAGE_ID}:0`,
        message: { message_id: 1, chat: CHAT, ...topic },
      },
    });
    expect(await eventsOf(press({ direct_messages_topic: { topic_id: BOB.id } }))).toEqual([]);
    expect(await eventsOf(press({}))).toEqual([]);
    expect(await eventsOf(press({ direct_messages_topic: { topic_id: ADA.id } }))).toMatchObject([
      { text: "Yes", payload: "yes", conversation: { address }, replyReference: "1" },
    ]);
  });
});
