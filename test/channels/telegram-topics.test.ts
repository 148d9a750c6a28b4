import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Channel } from "../../src/channels/channel.ts";
import type { OutboundPart } from "../../src/core/message/outbound.ts";
import { type FakeTelegram, startFakeTelegram } from "../support/fake-telegram.ts";
import { partOf } from "./conformance-subject.ts";
import { CHAT, telegramChannel, webhook } from "./telegram-subject.ts";

// People continue to write in topics that bots cannot address by their number.

const GROUP = -100987;
const GONE = { answer: 400, description: "Bad Request: message thread not found" };
const NOT_FOUND = { answer: 400, description: "Bad Request: message to be replied not found" };
const soon = () => AbortSignal.timeout(10_000);

let fake: FakeTelegram;
let channel: Channel;

beforeEach(async () => {
  fake = await startFakeTelegram();
  channel = telegramChannel(fake);
});
afterEach(async () => {
  await channel.stop?.();
  await fake.close();
});

function send(address: string, part: Partial<OutboundPart> = {}) {
  return channel.send({ ...partOf(address, "**hello**"), ...part }, soon());
}

const GROUP_CHAT = { id: GROUP, type: "supergroup", title: "Readers", is_forum: true };
const answers = { eventKeys: ["update:4242:7"], replyReference: "7" };

describe("a message to a topic that cannot be addressed", () => {
  beforeEach(() => {
    fake.goneThreads.add(`${GROUP}:99`);
    fake.goneThreads.add(`${CHAT}:99`);
  });

  test("is sent as a reply to the user's message, with its formatting", async () => {
    expect(await send(`${GROUP}:99`, { answers })).toEqual({
      kind: "sent",
      externalIds: [`${GROUP}:1`],
      note: { code: "telegram_topic_by_reply", reason: expect.stringContaining("reply") },
    });
    expect(fake.sent).toMatchObject([
      { chatId: GROUP, threadId: null, replyTo: 7, text: "hello", entities: [{ type: "bold" }] },
    ]);
  });

  test("is sent as a reply to the message whose button was pressed", async () => {
    const messageId = "2".repeat(27);
    const offered = { address: `${GROUP}:99`, buttons: [{ label: "Yes", payload: "yes" }] };
    await channel.stop?.();
    channel = telegramChannel(fake, { findButtons: async () => offered });
    const received = await channel.receive(
      webhook({
        update_id: 7,
        callback_query: {
          id: "query",
          from: { id: 777001, is_bot: false, first_name: "Ada" },
          data: `b:${messageId}:0`,
          message: { message_id: 31, message_thread_id: 99, is_topic_message: true, chat: GROUP_CHAT },
        },
      }),
    );
    const [press] = received.kind === "accepted" ? received.events : [];
    expect(press).toMatchObject({ text: "Yes", replyReference: "31" });
    const pressed = { eventKeys: ["update:4242:7"], replyReference: "31" };
    expect(await send(`${GROUP}:99`, { answers: pressed })).toMatchObject({
      kind: "sent",
      note: { code: "telegram_topic_by_reply" },
    });
    expect(fake.sent).toMatchObject([{ threadId: null, replyTo: 31 }]);
  });

  test("is sent with its files", async () => {
    const file = {
      kind: "image" as const,
      name: null,
      contentType: null,
      url: "https://files.example/a.png",
    };
    expect(await send(`${GROUP}:99`, { answers, file })).toMatchObject({ kind: "sent" });
    expect(fake.sent).toMatchObject([{ threadId: null, replyTo: 7, text: expect.stringContaining("photo") }]);
  });

  test("goes to no other topic of a group, because others would read it", async () => {
    expect(await send(`${GROUP}:99`)).toMatchObject({ kind: "failed", scope: "conversation" });
    fake.fail(GONE);
    fake.fail(NOT_FOUND);
    fake.fail(GONE);
    fake.fail(NOT_FOUND);
    expect(await send(`${GROUP}:99`, { answers })).toMatchObject({ kind: "failed", scope: "conversation" });
    expect(fake.sent).toEqual([]);
  });

  test("goes to the surrounding private chat as the last resort", async () => {
    expect(await send(`${CHAT}:99`)).toMatchObject({ kind: "sent", note: { code: "telegram_topic_left" } });
    fake.fail(GONE);
    fake.fail(NOT_FOUND);
    expect(await send(`${CHAT}:99`, { answers })).toMatchObject({ note: { code: "telegram_topic_left" } });
    expect(await send(`${CHAT}:99`, { answers })).toMatchObject({
      note: { code: "telegram_topic_by_reply" },
    });
    expect(fake.sent.map(({ replyTo }) => replyTo)).toEqual([null, null, 7]);
  });

  test("waits if Telegram sets a rate limit between two attempts", async () => {
    fake.fail(GONE);
    fake.fail({ answer: 429, parameters: { retry_after: 3 } });
    expect(await send(`${CHAT}:99`, { answers })).toMatchObject({ kind: "retry", afterMs: 3000 });
    expect(fake.sent).toEqual([]);
  });
});

test("a message that is refused for another reason is not sent elsewhere", async () => {
  fake.fail(
    { answer: 400, description: "Bad Request: not enough rights to send text messages" },
    { times: 2 },
  );
  expect(await send(`${CHAT}:17`, { answers })).toMatchObject({ kind: "failed", scope: "conversation" });
  expect(fake.sent).toEqual([]);
});

test("a message to a topic that can be addressed is no reply", async () => {
  expect(await send(`${GROUP}:17`, { answers })).toEqual({ kind: "sent", externalIds: [`${GROUP}:1`] });
  expect(fake.sent).toMatchObject([{ threadId: 17, replyTo: null }]);
});

test("a message never leaves a topic of direct messages, which separates people there", async () => {
  fake.directMessages.add(GROUP);
  fake.fail({ answer: 400, description: "Bad Request: message thread not found" }, { times: 9 });
  expect(await send(`${GROUP}:d777001`, { answers })).toMatchObject({ kind: "failed" });
  for (const { payload } of fake.calls) expect(payload).toMatchObject({ direct_messages_topic_id: 777001 });
});
