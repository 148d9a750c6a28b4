import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { InboundMessage } from "../../src/core/message/inbound-message.ts";
import { type FakeSlack, startFakeSlack } from "../support/fake-slack.ts";
import { ADA, callback, directMessage, eventRequest, nextTs, slackChannel } from "./slack-subject.ts";

const BOB = "U0BOB00001";

let fake: FakeSlack;

beforeEach(async () => {
  fake = await startFakeSlack();
  fake.people.set(ADA, { name: "ada", profile: { display_name: "Ada" } });
  fake.people.set(BOB, { name: "bob", real_name: "Bob" });
});
afterEach(() => fake.close());

async function read(body: unknown): Promise<InboundMessage | null> {
  const channel = slackChannel(fake);
  const received = await channel.receive(eventRequest(fake, body));
  await channel.stop?.();
  if (received.kind !== "accepted") throw new Error(JSON.stringify(received));
  const [event] = received.events;
  return event?.type === "message" ? event : null;
}

const direct = (event: Record<string, unknown>) => read(directMessage(fake, { text: "", ...event }));
const mention = (event: Record<string, unknown>) =>
  read(
    callback(fake, {
      type: "message",
      channel: "C0GENERAL1",
      channel_type: "channel",
      user: ADA,
      ts: nextTs(),
      text: `<@${fake.us.userId}>`,
      ...event,
    }),
  );

const section = (...elements: object[]) => ({ type: "rich_text_section", elements });
const text = (words: string, style?: object) => ({ type: "text", text: words, ...(style ? { style } : {}) });
const rich = (...elements: object[]) => ({ type: "rich_text", elements });

describe("a forwarded message", () => {
  const share = {
    is_msg_unfurl: true,
    is_share: true,
    author_name: "Bob",
    author_id: BOB,
    text: "The deploy &lt;fails&gt; with <https://a.example|error 42>",
    channel_id: "C0OTHER001",
    ts: "1790000001.000001",
    from_url: "https://x.slack.com/archives/C0OTHER001/p1",
  };
  const words = "The deploy <fails> with [error 42](https://a.example)";
  const reference = {
    kind: "forward",
    author: "Bob",
    text: words,
    externalId: "C0OTHER001:1790000001.000001",
  };

  test("without a comment becomes the user's text", async () => {
    expect(await direct({ attachments: [share] })).toMatchObject({ text: words, references: [reference] });
    expect(await mention({ attachments: [share] })).toMatchObject({ text: words, references: [reference] });
  });

  test("with a comment becomes a reference of the comment", async () => {
    const event = {
      text: "please summarise",
      attachments: [share, { ...share, author_name: "", text: "And more" }],
    };
    expect(await direct(event)).toMatchObject({
      text: "please summarise",
      references: [reference, { kind: "forward", author: "Bob", text: "And more" }],
    });
  });

  test("brings its files, each once, even if it has no text", async () => {
    const files = [{ id: "F1", name: "cat.png", mimetype: "image/png", size: 12 }];
    const stub = [{ id: "F2", file_access: "check_file_info" }, ...files];
    const message = await direct({
      text: "look",
      files: [{ id: "F0" }],
      attachments: [
        { ...share, files },
        { ...share, files: stub },
      ],
    });
    expect(message?.attachments?.map(({ platformId }) => platformId)).toEqual(["F0", "F1", "F2"]);
    const alone = await direct({ attachments: [{ is_share: true, author_id: BOB, files }] });
    expect(alone).toMatchObject({ text: "", references: [{ kind: "forward", author: "Bob" }] });
    expect(alone?.attachments).toHaveLength(1);
  });

  test("without text is read from its blocks, and otherwise from its fallback text", async () => {
    const blocks = [rich(section(text("from "), { type: "user", user_id: BOB }, text(" & blocks")))];
    const message_blocks = [{ team: "T1", channel: "C1", ts: "1.1", message: { blocks } }];
    for (const inside of [{ message_blocks }, { blocks }])
      expect(await direct({ attachments: [{ is_share: true, ...inside }] })).toMatchObject({
        text: "from @Bob & blocks",
      });
    expect(await direct({ attachments: [{ is_share: true, fallback: "at last" }] })).toMatchObject({
      text: "at last",
    });
    const table = { type: "table", rows: [[{ type: "raw_text", text: "a" }]] };
    const none = {
      is_share: true,
      fallback: "[no preview available]",
      message_blocks: [{ message: { blocks: [table] } }],
    };
    expect(await direct({ attachments: [none] })).toMatchObject({ text: "| a |\n| --- |" });
  });

  test("is distinguished from the preview of a link, which is left out", async () => {
    const { is_share: _, ...preview } = share;
    const message = await direct({ text: "see <https://a.example>", attachments: [preview] });
    expect(message).toMatchObject({ text: "see https://a.example" });
    expect(message).not.toHaveProperty("references");
    expect(await direct({ attachments: [preview] })).toBeNull();
    expect(await direct({ attachments: [{ ...preview, files: [{ id: "F1" }] }] })).toBeNull();
  });

  test("of an unknown shape does not lose the message", async () => {
    for (const attachments of ["x", [1, null, "x"], [{ is_share: true, text: 1 }], [{ is_share: "yes" }], {}])
      expect(await direct({ text: "hello", attachments })).toMatchObject({ text: "hello" });
  });
});

describe("a message whose text is empty", () => {
  test("is read from its blocks, in the form that Slack would have written", async () => {
    const blocks = [
      rich(
        section(
          text("Hello "),
          { type: "user", user_id: BOB },
          text(", "),
          text("read", { bold: true }),
          text(" "),
        ),
        section(
          { type: "link", url: "https://a.example/?x=1&y=2", text: "this <page>" },
          text(" in "),
          { type: "channel", channel_id: "C0X" },
          text(" "),
          { type: "emoji", name: "wave" },
          text(" "),
          { type: "broadcast", range: "here" },
        ),
        {
          type: "rich_text_list",
          style: "ordered",
          offset: 1,
          elements: [section(text("one")), section(text("two", { italic: true, strike: true }))],
        },
        { type: "rich_text_list", style: "bullet", indent: 1, elements: [section(text("inner"))] },
        { type: "rich_text_quote", elements: [text("a\nb")] },
        { type: "rich_text_preformatted", elements: [text("if (a < b && c) {}")] },
        section(text("x", { code: true })),
      ),
    ];
    expect(await direct({ blocks })).toMatchObject({
      text: [
        "Hello @Bob, *read* ",
        "[this <page>](https://a.example/?x=1&y=2) in #C0X :wave: @here",
        "2. one",
        "3. _~two~_",
        "    • inner",
        "> a",
        "> b",
        "```",
        "if (a < b && c) {}",
        "```",
        "`x`",
      ].join("\n"),
    });
  });

  test("keeps the blocks and files that can be read beside others that cannot", async () => {
    const blocks = [null, rich({}, section(text("still here"))), 5];
    const files = [{ name: "no id" }, { id: "F0OK", name: "a.txt", mimetype: "text/plain" }];
    expect(await direct({ blocks, files })).toMatchObject({
      text: "still here",
      attachments: [{ platformId: "F0OK" }],
    });
  });

  test("is for the bot if its blocks mention the bot", async () => {
    const blocks = [rich(section({ type: "user", user_id: fake.us.userId }, text(" what is this?")))];
    expect(await mention({ text: "", blocks })).toMatchObject({ text: "what is this?" });
    expect(await mention({ text: "", blocks: [rich(section(text("not you")))] })).toBeNull();
  });

  test("with only unknown blocks is no message", async () => {
    for (const blocks of [
      "x",
      [1],
      [{ type: "rich_text" }],
      [{ type: "divider" }],
      [{ type: "rich_text", elements: [null] }],
    ])
      expect(await direct({ blocks })).toBeNull();
  });
});

describe("a pasted table", () => {
  const rows = [
    [
      { type: "raw_text", text: "Name" },
      { type: "rich_text", elements: [section(text("A|B", { bold: true }))] },
    ],
    [
      { type: "rich_text", elements: [section({ type: "link", url: "https://a.example", text: "a|b" })] },
      { type: "raw_number", value: 1200, text: "1,200" },
    ],
    [{ type: "raw_text", text: "two\nlines" }, {}],
  ];
  const table = "| Name | *A\\|B* |\n| --- | --- |\n| [a\\|b](https://a.example) | 1,200 |\n| two lines |  |";
  const pasted = { id: 1, fallback: "[no preview available]", blocks: [{ type: "table", rows }] };

  test("is added after the question, wherever Slack puts it", async () => {
    const asked = `which?\n\n${table}`;
    expect(await direct({ text: "which?", attachments: [pasted] })).toMatchObject({ text: asked });
    expect(await direct({ text: "which?", blocks: [{ type: "table", rows }] })).toMatchObject({
      text: asked,
    });
    const us = `<@${fake.us.userId}>`;
    expect(await mention({ text: `${us} which?`, attachments: [pasted] })).toMatchObject({ text: asked });
  });

  test("is a message even without a question", async () => {
    expect(await direct({ attachments: [pasted] })).toMatchObject({ text: table });
  });
});
