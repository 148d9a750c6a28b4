import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Channel } from "../../src/channels/channel.ts";
import type { ChannelEvent } from "../../src/core/message/channel-event.ts";
import { type ScriptedTelegram, startScriptedTelegram } from "../support/scripted-telegram.ts";
import { createSubjectTools } from "./conformance-subject.ts";
import { SECRET_TOKEN, telegramChannel, updateWith, webhook } from "./telegram-subject.ts";

const GROUP = { id: -100500, type: "supergroup", title: "Walkers" };
const US = { id: 4242, is_bot: true, first_name: "Causeway" };

let fake: ScriptedTelegram;
let channel: Channel;
let tools: ReturnType<typeof createSubjectTools>;

beforeEach(async () => {
  fake = await startScriptedTelegram();
  tools = createSubjectTools();
  channel = telegramChannel(fake, { config: { username: "@Causeway_bot" }, log: tools.log });
});
afterEach(async () => {
  await channel.stop?.();
  await fake.close();
});

async function eventsOf(message: Record<string, unknown>, on: Channel = channel): Promise<ChannelEvent[]> {
  const received = await on.receive(webhook(updateWith(message)));
  return received.kind === "accepted" ? received.events : expect.fail(JSON.stringify(received));
}

async function textOf(message: Record<string, unknown>): Promise<string | null> {
  const [event] = await eventsOf(message);
  return event?.type === "message" ? event.text : null;
}

describe("a change of the bot's membership", () => {
  const membership = (status: string, chat: Record<string, unknown> = { id: 777001, type: "private" }) =>
    webhook({
      update_id: 91,
      my_chat_member: { chat, from: { id: 777001 }, date: 1, new_chat_member: { user: US, status } },
    });

  test.each([
    ["kicked", undefined, { userIdentifier: "777001", unreachable: { code: "telegram_blocked" } }],
    ["member", undefined, { userIdentifier: "777001", unreachable: null }],
    ["left", GROUP, { userIdentifier: "-100500", unreachable: { reason: expect.stringContaining("group") } }],
    ["administrator", GROUP, { userIdentifier: "-100500", unreachable: null }],
  ])("changes whether the user or the group can be reached (%s)", async (status, chat, change) => {
    const received = await channel.receive(membership(status, chat));
    expect(received).toMatchObject({ kind: "accepted", events: [{ type: "reachability", ...change }] });
  });
});

describe("a private message", () => {
  test("names the conversation, the person and the event", async () => {
    const update = updateWith({ text: "hello" });
    const received = await channel.receive(webhook(update));
    expect(received).toEqual({
      kind: "accepted",
      events: [
        {
          type: "message",
          eventKeys: [`update:4242:${update.update_id}`],
          conversation: { address: "777001", userIdentifier: "777001", externalKey: null },
          userName: "Ada Lovelace",
          profile: { chat_type: "private", locale: "en" },
          text: "hello",
          sentAt: new Date(update.message.date * 1000),
          replyReference: String(update.message.message_id),
        },
      ],
    });
  });

  test.each([
    ["/start", "/start"],
    ["/start@causeway_bot", "/start"],
    ["/reset@Causeway_BOT", "/reset"],
    ["/help@causeway_bot me please", "/help me please"],
    ["/unknown thing", "/unknown thing"],
    ["a /reset@causeway_bot within", "a /reset@causeway_bot within"],
    ["/reset@other_bot", null],
  ])("with the text %j is read as %j", async (text, expected) => {
    expect(await textOf({ text })).toBe(expected);
  });

  test("carries the payload of a deep link", async () => {
    expect(await eventsOf({ text: "/start campaign_7" })).toMatchObject([
      { text: "/start campaign_7", payload: "campaign_7" },
    ]);
  });

  test("with a file has the caption as its text, and names the file", async () => {
    const photo = [
      { file_id: "small", file_size: 10 },
      { file_id: "large", file_size: 99 },
    ];
    expect(await eventsOf({ caption: "my lunch", photo })).toMatchObject([
      { text: "my lunch", attachments: [{ kind: "image", platformId: "large", bytes: 99 }] },
    ]);
  });

  test("with a file and no text is a message, too", async () => {
    expect(await eventsOf({ voice: { file_id: "x", mime_type: "audio/ogg" } })).toMatchObject([
      { text: "", attachments: [{ kind: "audio", platformId: "x", contentType: "audio/ogg" }] },
    ]);
  });

  test("that only reports an event asks the bot nothing, and the log names the event", async () => {
    expect(await eventsOf({ pinned_message: { message_id: 1 } })).toEqual([]);
    expect(tools.show(tools.logged())).toContain("pinned_message");
  });

  test("with a sticker has the emoji as its text", async () => {
    expect(await textOf({ sticker: { file_id: "x", emoji: "👍" } })).toBe("👍");
  });

  test("in a topic has the topic in its address", async () => {
    expect(await eventsOf({ text: "hi", is_topic_message: true, message_thread_id: 9 })).toMatchObject([
      { conversation: { address: "777001:9", partOf: "777001" } },
    ]);
  });

  test("changes no prototype through its keys", async () => {
    const body = `{"update_id":7,"__proto__":{"polluted":1},"message":{"message_id":1,"chat":{"id":5,"type":"private","__proto__":{"polluted":1}},"text":"hi","constructor":{"prototype":{"polluted":1}}}}`;
    expect(await channel.receive(webhook(body))).toMatchObject({
      kind: "accepted",
      events: [{ text: "hi" }],
    });
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe("an edited message", () => {
  const edited = async (message: Record<string, unknown>) => {
    const { message: written, ...update } = updateWith(message);
    const received = await channel.receive(webhook({ ...update, edited_message: written }));
    return received.kind === "accepted" ? received.events : expect.fail(JSON.stringify(received));
  };

  test("is ignored if it is of a chat without a number, or a live location that moved", async () => {
    expect(await edited({ chat: { id: 0, type: "private" } })).toEqual([]);
    const location = { latitude: 52.5, longitude: 13.4, live_period: 900 };
    expect(await edited({ message_id: 7, text: undefined, location, edit_date: 1_790_000_100 })).toEqual([]);
    expect(await eventsOf({ text: undefined, location })).toMatchObject([
      { text: "[location: 52.5, 13.4, live]" },
    ]);
  });

  test("has the new text and the number of the original message", async () => {
    expect(await edited({ message_id: 7, text: "later", edit_date: 1_790_000_100 })).toMatchObject([
      {
        type: "message",
        edits: true,
        text: "later",
        replyReference: "7",
        metadata: { edited_at: "2026-09-21T14:15:00.000Z" },
      },
    ]);
    // A time that no clock shows must not fail the update again and again.
    const [undated] = await edited({ message_id: 8, text: "when?", edit_date: 2 ** 53 });
    expect(undated).toMatchObject({ text: "when?", edits: true });
    expect(undated).not.toHaveProperty("metadata");
    const [part] = await edited({ caption: "both", photo: [{ file_id: "x" }], media_group_id: "a" });
    expect(part).toMatchObject({ edits: true, text: "both" });
    expect(part).not.toHaveProperty("albumKey");
  });

  test("counts in a group only if it is for the bot", async () => {
    expect(await edited({ chat: GROUP, text: "talk among people" })).toEqual([]);
    expect(await edited({ chat: GROUP, text: "x", photo: [{ file_id: "x" }], media_group_id: "a" })).toEqual(
      [],
    );
    expect(await edited({ chat: GROUP, text: "@causeway_bot later" })).toMatchObject([{ text: "later" }]);
  });
});

describe("a group message", () => {
  test.each([
    ["talk among people", null],
    ["@causeway_bot what now?", "what now?"],
    ["@Causeway_Bot, what now?", "what now?"],
    ["hey @causeway_bot what now?", "hey what now?"],
    ["what now @causeway_bot", "what now"],
    ["@causeway_bot", "@causeway_bot"],
    ["@causeway_bots unite", null],
    ["mail me@causeway_bot", null],
    ["/reset@causeway_bot", "/reset"],
    ["@causeway_bot /reset", "/reset"],
    ["/reset", "/reset"],
    ["/weather", null],
    ["/reset@other_bot", null],
  ])("with the text %j is read as %j", async (text, expected) => {
    expect(await textOf({ text, chat: GROUP })).toBe(expected);
  });

  test("that replies to the bot is for the bot, in the conversation of the group", async () => {
    expect(await eventsOf({ text: "why?", chat: GROUP, reply_to_message: { from: US } })).toMatchObject([
      {
        text: "why?",
        conversation: { address: "-100500", userIdentifier: "-100500" },
        userName: "Ada Lovelace",
      },
    ]);
    expect(await eventsOf({ text: "why?", chat: GROUP, reply_to_message: { from: { id: 5 } } })).toEqual([]);
  });

  test("in a topic that the bot created is no reply to the bot", async () => {
    const reply_to_message = { from: US, forum_topic_created: { name: "Tea" } };
    expect(await eventsOf({ text: "hi", chat: GROUP, reply_to_message })).toEqual([]);
  });

  test("that mentions the bot from the member list is for the bot", async () => {
    const entities = [{ type: "text_mention", offset: 0, length: 8, user: US }];
    expect(await textOf({ text: "Causeway, hi", chat: GROUP, entities })).toBe("Causeway, hi");
  });

  test("from an anonymous admin counts as written by a person", async () => {
    const from = { id: 1087968824, is_bot: true, first_name: "Group" };
    const said = { text: "@causeway_bot hi", chat: GROUP, from };
    const admin = { id: GROUP.id, title: "Walkers" };
    expect(await eventsOf({ ...said, sender_chat: admin, author_signature: "Boss" })).toMatchObject([
      { text: "hi", author: { identifier: "-100500", name: "Boss" } },
    ]);
    expect(await eventsOf({ ...said, sender_chat: admin })).toMatchObject([{ author: { name: "Walkers" } }]);
    expect(await textOf(said)).toBe("hi");
  });

  test("in the name of a person's channel counts as written by a person", async () => {
    const from = { id: 136817688, is_bot: true, first_name: "Channel" };
    const sender_chat = { id: -100700, type: "channel", title: "Ada's Notes" };
    expect(await eventsOf({ text: "@causeway_bot hi", chat: GROUP, from, sender_chat })).toMatchObject([
      { text: "hi", author: { identifier: "-100700", name: "Ada's Notes" } },
    ]);
  });

  test("names its writer, because a group has several", async () => {
    expect(await eventsOf({ text: "@causeway_bot hi", chat: GROUP })).toMatchObject([
      { conversation: { userIdentifier: "-100500" }, author: { identifier: "777001", name: "Ada Lovelace" } },
    ]);
    const [alone] = await eventsOf({ text: "hi" });
    expect(alone).not.toHaveProperty("author");
  });

  test("of an album is for the bot if another message of the album is", async () => {
    const part = { media_group_id: "13579", photo: [{ file_id: "large" }], chat: GROUP };
    const [named] = await eventsOf({ ...part, caption: "@causeway_bot compare these" });
    expect(named).toMatchObject({ albumKey: "13579", text: "compare these" });
    expect(named).not.toHaveProperty("onlyWithAlbum");
    expect(await eventsOf({ ...part, caption: "the *second*" })).toMatchObject([
      {
        albumKey: "13579",
        onlyWithAlbum: true,
        text: "the *second*",
        attachments: [{ platformId: "large" }],
      },
    ]);
    expect(await eventsOf({ ...part, caption: "/look@other_bot" })).toEqual([]);
    expect(await eventsOf({ ...part, from: { id: 5, is_bot: true, first_name: "Echo" } })).toEqual([]);
  });

  test("that is forwarded from the linked channel is not for the bot", async () => {
    expect(await eventsOf({ text: "@causeway_bot", chat: GROUP, is_automatic_forward: true })).toEqual([]);
  });

  test.each([
    [{ chat: { id: -5, type: "group" }, migrate_to_chat_id: -1005 }],
    [{ chat: { id: -1005, type: "supergroup" }, migrate_from_chat_id: -5 }],
  ])("that says the group became a supergroup changes the address", async (message) => {
    expect(await eventsOf(message)).toEqual([{ type: "address_change", from: "-5", to: "-1005" }]);
  });
});

describe("while the bot's name is unknown", () => {
  beforeEach(() => {
    channel = telegramChannel(fake);
  });

  test("a mention makes the channel request the name, once", async () => {
    const message = { text: "@causeway_bot hi", chat: GROUP };
    const all = await Promise.all([eventsOf(message), eventsOf(message), eventsOf(message)]);
    expect(all).toMatchObject([[{ text: "hi" }], [{ text: "hi" }], [{ text: "hi" }]]);
    expect(fake.calls).toEqual(["getMe"]);
  });

  test("a mention is not acknowledged if the name cannot be requested, so Telegram sends it again", async () => {
    fake.fail("getMe", { answer: 500 });
    const request = webhook(updateWith({ text: "@causeway_bot hi", chat: GROUP }));
    expect(await channel.receive(request)).toMatchObject({ kind: "later", reason: expect.any(String) });
    expect(await textOf({ text: "@causeway_bot hi", chat: GROUP })).toBe("hi");
  });

  test("private messages are read without it", async () => {
    expect(await textOf({ text: "/reset@causeway_bot" })).toBe("/reset");
    expect(fake.calls).toEqual([]);
  });
});

test("a polling channel refuses every webhook, signed or not", async () => {
  const polling = telegramChannel(fake, { config: { mode: "polling" } });
  const request = webhook(updateWith({ text: "hi" }), SECRET_TOKEN);
  expect(await polling.receive(request)).toMatchObject({ kind: "rejected", status: 404 });
  await polling.stop?.();
});

describe("a business account that is connected with the bot", () => {
  const CUSTOMER = { id: 777001, is_bot: false, first_name: "Ada" };
  const OWNER = { id: 888002, is_bot: false, first_name: "Olga" };
  const business_connection_id = "AbC+1/x==";
  const read = async (part: string, fields: Record<string, unknown>, on: Channel = channel) => {
    const { update_id, message } = updateWith({ business_connection_id, message_id: 7, ...fields });
    const received = await on.receive(webhook({ update_id, [part]: message }));
    return received.kind === "accepted" ? received.events : expect.fail(JSON.stringify(received));
  };
  const address = "777001:bAbC%2B1%2Fx%3D%3D";

  test("has a separate conversation with each person who writes to it", async () => {
    expect(await read("business_message", { text: "open today?", from: CUSTOMER })).toMatchObject([
      {
        type: "message",
        text: "open today?",
        conversation: { address, userIdentifier: address, partOf: "777001" },
      },
    ]);
    expect(await read("edited_business_message", { text: "tomorrow?", from: CUSTOMER })).toMatchObject([
      { edits: true, text: "tomorrow?", replyReference: "7", conversation: { address } },
    ]);
    const reply_to_message = { message_id: 6, from: US, text: "Hello" };
    expect(await read("business_message", { text: "what?", from: CUSTOMER, reply_to_message })).toMatchObject(
      [{ references: [{ kind: "reply", externalId: `${address}:6` }] }],
    );
  });

  test("reports the owner's messages, but not those of bots in its name", async () => {
    expect(await read("business_message", { text: "I am *here*", from: OWNER })).toMatchObject([
      {
        type: "operator_message",
        externalId: `${address}:7`,
        conversation: { address },
        author: { identifier: "888002", name: "Olga", via: "telegram" },
        text: "I am *here*",
        sentAt: expect.any(Date),
      },
    ]);
    expect(await read("edited_business_message", { text: "x", from: OWNER })).toEqual([]);
    expect(await read("business_message", { text: "x", from: OWNER, sender_business_bot: US })).toEqual([]);
  });

  test("appears in the log, and is ignored if the configuration says so", async () => {
    const connect = (more: object) =>
      channel.receive(
        webhook({
          update_id: 5,
          business_connection: { id: "b1", user: OWNER, user_chat_id: 1, date: 1, ...more },
        }),
      );
    for (const more of [
      { is_enabled: true, rights: { can_reply: true } },
      { is_enabled: true, rights: {} },
      { is_enabled: false },
    ])
      expect(await connect(more)).toEqual({ kind: "accepted", events: [] });
    expect(tools.show(tools.logged())).toMatch(/account connected.*may not reply.*disconnected/s);
    const off = telegramChannel(fake, { config: { business: false }, log: tools.log });
    expect(await read("business_message", { text: "hi", from: CUSTOMER }, off)).toEqual([]);
    expect(tools.show(tools.logged())).toContain("`business` is false");
    await off.stop?.();
  });
});
