import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Channel } from "../../src/channels/channel.ts";
import type { LiveStream } from "../../src/core/message/live-stream.ts";
import { eventually } from "../support/eventually.ts";
import { type FakeTelegram, startFakeTelegram } from "../support/fake-telegram.ts";
import { partOf } from "./conformance-subject.ts";
import { CHAT, SECRET_TOKEN, telegramChannel, webhook } from "./telegram-subject.ts";

const GROUP = -100987;
const soon = () => AbortSignal.timeout(10_000);

let fake: FakeTelegram;
let channel: Channel;
const start = async (streaming?: boolean) => {
  fake = await startFakeTelegram();
  channel = telegramChannel(fake, streaming === undefined ? {} : { config: { streaming } });
};
afterEach(async () => {
  await channel.stop?.();
  await fake.close();
});

let standing: string[];
beforeEach(() => {
  standing = [];
});
const open = (chatId: number | string = CHAT, executionId = "execution"): LiveStream | null =>
  channel.openStream?.({
    address: String(chatId),
    executionId,
    userIdentifier: String(chatId),
    onStanding: (preview) => void standing.push(preview),
  }) ?? null;

const send = (chatId: number, text: string, preview?: string) =>
  channel.send({ ...partOf(String(chatId), text), ...(preview === undefined ? {} : { preview }) }, soon());

/** The preview of an answer in a group, after the stream ended. */
async function standingIn(chatId: number, text: string): Promise<string> {
  const stream = open(chatId);
  stream?.show(text);
  await eventually(() => expect(standing).toHaveLength(1));
  expect(await stream?.close()).toBe(true);
  return standing[0] ?? "";
}

describe("in a private chat", () => {
  beforeEach(() => start());

  test("an answer is a formatted draft while it is written, and leaves no message", async () => {
    const stream = open();
    stream?.show("A **bold** beginning, then **half a [li");
    await eventually(() =>
      expect(fake.drafts).toMatchObject([{ chatId: CHAT, text: "A bold beginning, then **half a [li" }]),
    );
    expect(fake.calls.at(-1)?.payload).toMatchObject({
      can_stop: true,
      draft_id: expect.any(Number),
      link_preview_options: { is_disabled: true },
    });
    stream?.show("A **bold** beginning, then **half a [link](https://example.org)**");
    await eventually(() => expect(fake.drafts).toHaveLength(2));
    expect(new Set(fake.drafts.map(({ draftId }) => draftId)).size).toBe(1);
    expect(await stream?.close()).toBe(true);
    expect([fake.sent, standing]).toEqual([[], []]);
  });

  test("a draft shows only what fits one message, and works with half a character", async () => {
    const stream = open();
    stream?.show(`${"long ".repeat(1_000)}🦊`.slice(0, -1));
    await eventually(() => expect(fake.drafts).toHaveLength(1));
    expect(fake.drafts[0]?.text.length).toBeGreaterThan(4_000);
    await stream?.close();
    const torn = open(CHAT, "another");
    torn?.show("🦊".slice(0, 1));
    await eventually(() => expect(fake.drafts).toHaveLength(2));
    expect(await torn?.close()).toBe(true);
  });

  test("a rate limit of drafts stops all drafts for its time, but no message", async () => {
    fake.fail({ answer: 429, parameters: { retry_after: 60 } }, { method: "sendMessageDraft" });
    const stream = open();
    stream?.show("Hello");
    await eventually(() => expect(open(CHAT + 1)).toBeNull());
    stream?.show("Hello again");
    expect(await stream?.close()).toBe(true);
    expect(await send(CHAT, "Hello again")).toMatchObject({ kind: "sent" });
    expect(fake.drafts).toEqual([]);
  });

  test("a group gets no preview unless the configuration allows it", () => {
    expect(open(GROUP)).toBeNull();
    expect(open("not a chat")).toBeNull();
  });

  test("the button below a draft stops the answer", async () => {
    const chat = { id: CHAT, type: "private", first_name: "Ada" };
    const update = { update_id: 7, stopped_message_generation: { chat, draft_id: 3 } };
    expect(await channel.receive(webhook(update, SECRET_TOKEN))).toEqual({
      kind: "accepted",
      events: [{ type: "stop", address: String(CHAT) }],
    });
  });
});

describe("in a group", () => {
  beforeEach(() => start(true));

  test("an answer is a message that is edited while it is written", async () => {
    const stream = open(`${GROUP}:17`);
    stream?.show("   ");
    stream?.show("Once");
    await eventually(() => expect(fake.sent).toMatchObject([{ chatId: GROUP, threadId: 17, text: "Once" }]));
    stream?.show("Once **upon** a time");
    await eventually(() => expect(fake.sent).toMatchObject([{ text: "Once upon a time" }]), {
      timeoutMs: 30_000,
    });
    expect(await stream?.close()).toBe(true);
    expect(standing).toEqual([`${GROUP}:1`]);
  });

  test("no address gets a link preview, neither in a preview nor in the final message", async () => {
    const stream = open(GROUP);
    stream?.show("See https://evil.example");
    await eventually(() => expect(standing).toHaveLength(1));
    stream?.show("See https://evil.example/?secret=abc and more");
    await eventually(() => expect(fake.sent[0]?.text).toContain("and more"), { timeoutMs: 30_000 });
    await stream?.close();
    await send(GROUP, "See https://evil.example/?secret=abc", standing[0]);
    const shown = fake.calls.filter(({ method }) => /^(sendMessage|editMessageText)$/.test(method));
    expect(shown.length).toBeGreaterThan(1);
    for (const { payload } of shown)
      expect(payload).toMatchObject({ link_preview_options: { is_disabled: true } });
  });

  test("the final text replaces the preview, even if both are equal", async () => {
    const preview = await standingIn(GROUP, "All of it");
    for (const text of ["All of it", "All of **it**", "All of **it**"])
      expect(await send(GROUP, text, preview)).toEqual({ kind: "sent", externalIds: [preview] });
    expect(fake.sent).toMatchObject([{ text: "All of it", entities: [{ type: "bold" }] }]);
  });

  test("the final text is a new message if the preview is gone or in another chat", async () => {
    const preview = await standingIn(GROUP, "Half");
    await channel.removePreview?.(String(GROUP), preview, soon());
    expect(await send(GROUP, "Whole", preview)).toMatchObject({ kind: "sent" });
    expect(await send(GROUP - 1, "Moved", preview)).toMatchObject({ kind: "sent" });
    expect(fake.sent.map(({ chatId, text }) => [chatId, text])).toEqual([
      [GROUP, "Whole"],
      [GROUP - 1, "Moved"],
    ]);
  });

  test("an edit whose formatting is refused uses the plain source", async () => {
    const preview = await standingIn(GROUP, "A bo");
    fake.fail(
      { answer: 400, description: "Bad Request: can't parse entities" },
      { method: "editMessageText" },
    );
    expect(await send(GROUP, "A **bold** word", preview)).toMatchObject({ kind: "sent" });
    expect(fake.sent.map(({ text }) => text)).toEqual(["A **bold** word"]);
  });

  test("an edit whose answer was lost is repeated, because an edit cannot appear twice", async () => {
    const preview = await standingIn(GROUP, "Half");
    fake.fail({ cut: "after" }, { method: "editMessageText" });
    expect(await send(GROUP, "Whole", preview)).toMatchObject({ kind: "retry", scope: "conversation" });
    expect(await send(GROUP, "Whole", preview)).toMatchObject({ kind: "sent" });
    expect(fake.sent.map(({ text }) => text)).toEqual(["Whole"]);
  });

  test("a stream does not close cleanly while an edit without an answer may still arrive", async () => {
    const stream = open(GROUP);
    stream?.show("Once");
    await eventually(() => expect(standing).toHaveLength(1));
    fake.fail({ hang: true }, { method: "editMessageText" });
    stream?.show("Once upon");
    const edits = () => fake.calls.filter(({ method }) => method === "editMessageText");
    await eventually(() => expect(edits()).toHaveLength(1), { timeoutMs: 30_000 });
    expect(await stream?.close()).toBe(false);
  });

  test("a preview that cannot be removed now is removed later", async () => {
    const preview = await standingIn(GROUP, "Half");
    fake.fail({ answer: 429, parameters: { retry_after: 1 } }, { method: "deleteMessage" });
    expect(await channel.removePreview?.(String(GROUP), preview, soon())).toBe(false);
    expect(await channel.removePreview?.(String(GROUP), preview, soon())).toBe(true);
  });

  test("private chats get an edited message, too, if the server has no drafts", async () => {
    fake.fail({ answer: 404, description: "Not Found: method not found" }, { method: "sendMessageDraft" });
    const draft = open();
    draft?.show("Hello");
    await draft?.close();
    const preview = await standingIn(CHAT, "Hello");
    expect(await send(CHAT, "Hello, Ada", preview)).toMatchObject({ kind: "sent" });
    expect(fake.sent.map(({ text }) => text)).toEqual(["Hello, Ada"]);
  });
});

test("no preview is shown if streaming is off", async () => {
  await start(false);
  expect([open(), open(GROUP)]).toEqual([null, null]);
});
