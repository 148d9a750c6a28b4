import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Channel } from "../../src/channels/channel.ts";
import { readable } from "../../src/channels/telegram/readable.ts";
import type { InboundMessage } from "../../src/core/message/inbound-message.ts";
import { type ScriptedTelegram, startScriptedTelegram } from "../support/scripted-telegram.ts";
import { telegramChannel, updateWith, webhook } from "./telegram-subject.ts";

const GROUP = { id: -100500, type: "supergroup", title: "Walkers" };
const US = { id: 4242, is_bot: true, first_name: "Causeway" };
const EVE = { id: 5, is_bot: false, first_name: "Eve", last_name: "Miller" };
const LINK = { type: "text_link", offset: 5, length: 12, url: "https://example.org/a" };

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

const textOf = async (message: Record<string, unknown>) => (await read(message))?.text ?? null;

test("a mention of the bot among very many spaces is found in linear time", async () => {
  // Code with quadratic time takes minutes for this text, and the test's time limit ends it.
  const text = `@causeway_bot hello${" ".repeat(300_000)}there @causeway_bot`;
  const said = await textOf({ chat: GROUP, text });
  expect(said?.length).toBe(text.length - 2 * "@causeway_bot ".length);
});

describe("an address behind a link text", () => {
  test("is written after its words, in a text and in a caption", async () => {
    const expected = "Read [this article](https://example.org/a)";
    expect(await textOf({ text: "Read this article", entities: [LINK] })).toBe(expected);
    const photo = [{ file_id: "x" }];
    expect(await textOf({ caption: "Read this article", caption_entities: [LINK], photo })).toBe(expected);
  });

  test("is found by UTF-16 units after characters of several units", async () => {
    const text = "👩‍👩‍👧 Read this article";
    const entities = [
      { type: "custom_emoji", offset: 0, length: 8, custom_emoji_id: "5" },
      { ...LINK, offset: LINK.offset + 9 },
    ];
    expect(await textOf({ text, entities })).toBe("👩‍👩‍👧 Read [this article](https://example.org/a)");
  });

  test.each([
    ["@causeway_bot read this article", 19, "read [this article](https://example.org/a)"],
    ["@causeway_bot, this article", 15, "[this article](https://example.org/a)"],
    ["  @causeway_bot this article @causeway_bot now", 16, "[this article](https://example.org/a) now"],
    ["read this article, @causeway_bot please", 5, "read [this article](https://example.org/a), please"],
    ["/help@causeway_bot this article", 19, "/help [this article](https://example.org/a)"],
  ])("stays at its words after the mention is removed from %j", async (text, offset, expected) => {
    expect(await textOf({ chat: GROUP, text, entities: [{ ...LINK, offset }] })).toBe(expected);
  });

  test.each([
    [
      "within bold text",
      [{ type: "bold", offset: 0, length: 17 }, LINK],
      "Read [this article](https://example.org/a)",
    ],
    [
      "in struck-out text",
      [{ ...LINK, type: "strikethrough" }, LINK],
      "Read ~~[this article](https://example.org/a)~~",
    ],
    [
      "in a spoiler",
      [{ type: "spoiler", offset: 5, length: 12 }, LINK],
      "Read [this article](https://example.org/a)",
    ],
    [
      "in a quote",
      [{ type: "blockquote", offset: 0, length: 17 }, LINK],
      "> Read [this article](https://example.org/a)",
    ],
    [
      "with a space at its edge",
      [{ ...LINK, offset: 4, length: 13 }],
      "Read [this article](https://example.org/a)",
    ],
    ["that is beyond the text", [{ ...LINK, length: 13 }], "Read this article"],
    ["that is empty", [{ ...LINK, length: 0 }], "Read this article"],
  ])("is read %s", async (_, entities, expected) => {
    expect(await textOf({ text: "Read this article", entities })).toBe(expected);
  });

  test.each([
    ["https://example.org/a", "https://example.org/a"],
    ["https://example.org", "https://example.org/"],
  ])("that equals its words %j is written only once", async (text, url) => {
    expect(
      await textOf({ text, entities: [{ type: "text_link", offset: 0, length: text.length, url }] }),
    ).toBe(text);
  });

  test.each([
    ["https://example.org/a_(b)", "https://example.org/a_(b)"],
    ["https://example.org/a)b", "https://example.org/a%29b"],
    ["https://example.org/a b", "https://example.org/a%20b"],
  ])("does not end early (%s)", async (url, expected) => {
    expect(await textOf({ text: "Read this article", entities: [{ ...LINK, url }] })).toBe(
      `Read [this article](${expected})`,
    );
  });
});

describe("formatting from Telegram", () => {
  test.each([
    ["run x now", "code", 4, 1, {}, "run `x` now"],
    ["a`b", "code", 0, 3, {}, "``a`b``"],
    ["see\nprint(1)\nthere", "pre", 4, 8, { language: "python" }, "see\n```python\nprint(1)\n```\nthere"],
    ["see print(1) there", "pre", 4, 8, {}, "see \n```\nprint(1)\n```\n there"],
    ["one\ntwo\nthree", "blockquote", 0, 7, {}, "> one\n> two\nthree"],
    ["one\ntwo", "expandable_blockquote", 4, 3, {}, "one\n> two"],
    ["not this", "strikethrough", 4, 4, {}, "not ~~this~~"],
    ["so bold", "bold", 3, 4, {}, "so bold"],
    ["so covered", "spoiler", 3, 7, {}, "so covered"],
    ["a 🦊 here", "custom_emoji", 2, 2, { custom_emoji_id: "7" }, "a 🦊 here"],
    ["at 22:45", "date_time", 3, 5, { unix_time: 1, date_time_format: "t" }, "at 22:45"],
    ["mail a@b.example", "email", 5, 11, {}, "mail a@b.example"],
  ])(
    "becomes Markdown if it carries meaning: %j as %s",
    async (text, type, offset, length, more, expected) => {
      expect(await textOf({ text, entities: [{ type, offset, length, ...more }] })).toBe(expected);
    },
  );

  test("never loses the message if it is malformed", async () => {
    expect(await textOf({ text: "hello", entities: [{ type: "bold", offset: -1, length: "many" }] })).toBe(
      "hello",
    );
    expect(await textOf({ text: "hello", entities: "none" })).toBe("hello");
  });

  test("makes no mention of the bot from code or from an address", async () => {
    const code = [{ type: "code", offset: 4, length: 13 }];
    expect(await textOf({ chat: GROUP, text: "run @causeway_bot", entities: code })).toBeNull();
    const url = [{ type: "url", offset: 0, length: 32 }];
    expect(
      await textOf({ chat: GROUP, text: "https://example.org/@causeway_bot", entities: url }),
    ).toBeNull();
  });

  test("adds marks to a text, and removes nothing", () => {
    const entity = fc.record({
      type: fc.constantFrom("text_link", "code", "pre", "blockquote", "strikethrough", "bold"),
      offset: fc.nat(20),
      length: fc.nat(20),
      url: fc.constant("https://example.org/"),
    });
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 20 }), fc.array(entity), (text, entities) => {
        const out = readable({ text, entities });
        let at = 0;
        for (const unit of text) at = out.indexOf(unit, at) + unit.length;
        expect(at).toBeGreaterThanOrEqual(text.length);
        expect(out.length).toBeGreaterThanOrEqual(text.length);
      }),
    );
  });
});

describe("a message without words names its content", () => {
  const location = { latitude: 52.5, longitude: 13.4 };
  test.each([
    [{ location }, "[location: 52.5, 13.4]"],
    [{ location: { ...location, live_period: 900 } }, "[location: 52.5, 13.4, live]"],
    [
      { venue: { location, title: "Café Alt", address: "Main St 1" }, location },
      "[venue: Café Alt, Main St 1 (52.5, 13.4)]",
    ],
    [{ contact: { phone_number: "+4930123", first_name: "Eve" } }, "[contact: Eve, +4930123]"],
    [{ dice: { emoji: "🎲", value: 3 } }, "🎲 3"],
    [{ poll: { question: "Tea?", options: [{ text: "Yes" }, { text: "No" }] } }, "[poll: Tea?]\n- Yes\n- No"],
    [
      { checklist: { title: "Buy", tasks: [{ text: "milk" }, { text: "tea", completion_date: 7 }] } },
      "[checklist: Buy]\n- [ ] milk\n- [x] tea",
    ],
    [{ story: { chat: { id: 5, type: "private", first_name: "Eve" }, id: 1 } }, "[story: by Eve]"],
    [{ story: { chat: { id: 5, type: "private" }, id: 1 } }, "[story]"],
    [{ game: { title: "Chess", description: "Two play" } }, "[game: Chess, Two play]"],
    [{ invoice: { title: "Tea", description: "A cup" } }, "[invoice: Tea, A cup]"],
    [{ giveaway: { winner_count: 3, prize_description: "Tea" } }, "[giveaway: 3 winners, Tea]"],
    [{ giveaway_winners: { winners: [EVE] } }, "[giveaway winners: Eve Miller]"],
    [{ gift: { gift: { sticker: { emoji: "🎁" } }, text: "For you" } }, "[gift: 🎁 For you]"],
    [{ unique_gift: { gift: { base_name: "Cup", number: 7 } } }, "[gift: Cup #7]"],
    [{ web_app_data: { button_text: "Order", data: '{"tea":1}' } }, '[web app data: Order: {"tea":1}]'],
    [
      { users_shared: { users: [{ user_id: 5, first_name: "Eve" }, { user_id: 6 }] } },
      "[users shared: Eve, 6]",
    ],
    [{ chat_shared: { chat_id: -5, title: "Walkers" } }, "[chat shared: Walkers]"],
  ])("%j", async (message, expected) => {
    expect(await textOf(message)).toBe(expected);
  });

  test("paid pictures come with their caption, and with the files that are available", async () => {
    const paid_media = {
      star_count: 5,
      paid_media: [
        { type: "preview" },
        { type: "photo", photo: [{ file_id: "small" }, { file_id: "large" }] },
      ],
    };
    expect(await read({ caption: "mine", paid_media })).toMatchObject({
      text: "mine\n[paid media: 5 Stars]",
      attachments: [{ kind: "image", platformId: "large" }],
    });
  });

  test("a forwarded rich message becomes Markdown", async () => {
    const blocks = [
      { type: "heading", size: 2, text: "Plan" },
      {
        type: "paragraph",
        text: ["See ", { type: "url", text: { type: "bold", text: "here" }, url: "https://a.example" }],
      },
      { type: "list", items: [{ label: "•", blocks: [{ type: "paragraph", text: "tea" }] }] },
      { type: "pre", text: "print(1)", language: "python" },
      {
        type: "table",
        cells: [
          [{ text: "a" }, { text: "b" }],
          [{ text: "1" }, { text: "2" }],
        ],
      },
      { type: "blockquote", blocks: [{ type: "paragraph", text: "said" }] },
      { type: "photo", photo: [], caption: { text: "a picture" } },
      { type: "not known yet", text: "words" },
    ];
    expect(await textOf({ rich_message: { blocks } })).toBe(
      [
        "## Plan",
        "See [here](https://a.example)",
        "- tea",
        "```python\nprint(1)\n```",
        "| a | b |\n| --- | --- |\n| 1 | 2 |",
        "> said",
        "a picture",
        "words",
      ].join("\n\n"),
    );
  });

  test("in a group counts only as a reply to the bot, whatever names it contains", async () => {
    const contact = { phone_number: "1", first_name: "@causeway_bot" };
    expect(await textOf({ chat: GROUP, contact })).toBeNull();
    expect(await textOf({ chat: GROUP, contact, reply_to_message: { from: US } })).toBe(
      "[contact: @causeway_bot, 1]",
    );
  });

  test("of an unknown shape does not affect the rest of the message", async () => {
    expect(await read({ caption: "look", photo: [{ file_id: "x" }], location: "somewhere" })).toMatchObject({
      text: "look",
      attachments: [{ platformId: "x" }],
    });
  });
});
