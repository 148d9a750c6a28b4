import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Channel } from "../../src/channels/channel.ts";
import type { InboundMessage } from "../../src/core/message/inbound-message.ts";
import { type ScriptedTelegram, startScriptedTelegram } from "../support/scripted-telegram.ts";
import { telegramChannel, updateWith, webhook } from "./telegram-subject.ts";

const GROUP = { id: -100500, type: "supergroup", title: "Walkers" };
const US = { id: 4242, is_bot: true, first_name: "Causeway" };
const EVE = { id: 5, is_bot: false, first_name: "Eve", last_name: "Miller" };

let fake: ScriptedTelegram;
let channel: Channel;

beforeEach(async () => {
  fake = await startScriptedTelegram();
  channel = telegramChannel(fake, { config: { username: "causeway_bot" } });
});
afterEach(async () => {
  await channel.stop?.();
  await fake.close();
});

async function read(message: Record<string, unknown>): Promise<InboundMessage | null> {
  const received = await channel.receive(webhook(updateWith(message)));
  const [event] = received.kind === "accepted" ? received.events : expect.fail("not accepted");
  return event?.type === "message" ? event : null;
}

describe("the references of a message", () => {
  const water = { message_id: 9, from: EVE, text: "Water boils at 50 degrees." };

  test("contain the message that it answers, with its writer", async () => {
    const message = { chat: GROUP, text: "@causeway_bot is this right?", reply_to_message: water };
    expect(await read(message)).toMatchObject({
      text: "is this right?",
      references: [
        { kind: "reply", author: "Eve Miller", text: "Water boils at 50 degrees.", externalId: "-100500:9" },
      ],
    });
  });

  test("contain a message of the bot with its id, without the bot's name", async () => {
    const message = { chat: GROUP, text: "why?", reply_to_message: { ...water, from: US } };
    expect((await read(message))?.references).toEqual([
      { kind: "reply", text: "Water boils at 50 degrees.", externalId: "-100500:9" },
    ]);
  });

  test("contain the quoted words in place of the whole message", async () => {
    const quote = {
      text: "at 50 degrees",
      position: 12,
      entities: [{ type: "strikethrough", offset: 3, length: 2 }],
    };
    expect(await read({ text: "sure?", reply_to_message: water, quote })).toMatchObject({
      references: [
        { kind: "quote", author: "Eve Miller", text: "at ~~50~~ degrees", externalId: "777001:9" },
      ],
    });
  });

  test("contain a message in another chat, with its file", async () => {
    const external_reply = {
      origin: { type: "hidden_user", sender_user_name: "Mallory", date: 1 },
      photo: [{ file_id: "x" }],
    };
    expect(await read({ chat: GROUP, text: "@causeway_bot what is it?", external_reply })).toMatchObject({
      references: [{ kind: "reply", author: "Mallory", text: "[picture]" }],
      attachments: [{ kind: "image", platformId: "x" }],
    });
    const quote = { text: "500 EUR", position: 0 };
    expect(
      await read({ text: "hm", external_reply: { origin: external_reply.origin }, quote }),
    ).toMatchObject({
      references: [{ kind: "quote", author: "Mallory", text: "500 EUR" }],
    });
  });

  test.each([
    [{ sender_user: EVE }, "Eve Miller"],
    [{ sender_user_name: "Mallory" }, "Mallory"],
    [{ sender_chat: { id: -1, title: "Walkers" } }, "Walkers"],
    [{ chat: { id: -2, title: "News" }, message_id: 4 }, "News"],
  ])("contain the original writer of a forwarded message: %j", async (origin, author) => {
    const forward_origin = { type: "any", date: 1, ...origin };
    expect(await read({ text: "I will pay you", forward_origin })).toMatchObject({
      text: "I will pay you",
      references: [{ kind: "forward", author, text: "I will pay you" }],
    });
    expect(await read({ voice: { file_id: "v" }, forward_origin })).toMatchObject({
      text: "",
      references: [{ kind: "forward", author }],
    });
  });

  test("add a picture that the bot has not seen, but not its own picture", async () => {
    const shown = { message_id: 9, from: EVE, photo: [{ file_id: "x" }], caption: "my lunch" };
    const message = { chat: GROUP, text: "@causeway_bot what is it?" };
    expect(await read({ ...message, reply_to_message: shown })).toMatchObject({
      attachments: [{ platformId: "x" }],
      references: [{ text: "my lunch" }],
    });
    expect(await read({ ...message, reply_to_message: { ...shown, from: US } })).not.toHaveProperty(
      "attachments",
    );
    expect(await read({ text: "that one", reply_to_message: shown })).not.toHaveProperty("attachments");
  });

  test("contain a story", async () => {
    const reply_to_story = { chat: { id: 5, type: "private", first_name: "Eve" }, id: 1 };
    expect(await read({ text: "nice", reply_to_story })).toMatchObject({
      references: [{ kind: "reply", author: "Eve", text: "[story]" }],
    });
  });

  test("do not contain the message that opened the topic", async () => {
    const inTopic = { text: "hi", is_topic_message: true, message_thread_id: 9 };
    expect(await read({ ...inTopic, reply_to_message: water })).not.toHaveProperty("references");
    const created = { message_id: 8, from: EVE, forum_topic_created: { name: "Tea" } };
    expect(await read({ ...inTopic, reply_to_message: created })).not.toHaveProperty("references");
    expect(await read({ ...inTopic, reply_to_message: { ...water, message_id: 10 } })).toHaveProperty(
      "references",
    );
  });

  test("never lose the message if they are malformed", async () => {
    const broken = {
      reply_to_message: 7,
      quote: 7,
      external_reply: "x",
      forward_origin: [],
      reply_to_story: {},
    };
    expect(await read({ text: "hello", ...broken })).toMatchObject({ text: "hello" });
  });
});
