import { describe, expect, test } from "vitest";
import type { Channel } from "../../src/channels/channel.ts";
import { createPieces } from "../../src/channels/telegram/pieces.ts";
import { isBetterRich, richBlocksOf } from "../../src/channels/telegram/rich-blocks.ts";
import { createRichSupport } from "../../src/channels/telegram/rich-support.ts";
import type { OutboundPart, SendResult } from "../../src/core/message/outbound.ts";
import { eventually } from "../support/eventually.ts";
import { startScriptedTelegram } from "../support/scripted-telegram.ts";
import { startSimulator } from "../support/simulator.ts";
import { partOf } from "./conformance-subject.ts";
import { telegramChannel } from "./telegram-subject.ts";

const CHAT = 777;
const TABLE = "# Plan\n\n| Day | What |\n|---|---|\n| Mon | **Run** |";
const long = (words: string) => `${words} `.repeat(2_000).trim();
const soon = () => AbortSignal.timeout(10_000);
const send = (channel: Channel, text: string, more: Partial<OutboundPart> = {}) =>
  channel.send({ ...partOf(String(CHAT), text), ...more }, soon());

describe("Markdown as blocks of a rich message", () => {
  test("keeps headings, styles, links, code and tables", () => {
    const source = `## Hello *you*\nSee [this](https://example.org) and \`code\`.\n\n\`\`\`js\n1 < 2\n\`\`\`\n${TABLE.split("\n\n")[1]}`;
    expect(richBlocksOf(source)).toEqual([
      { type: "heading", size: 2, text: ["Hello ", { type: "italic", text: "you" }] },
      {
        type: "paragraph",
        text: [
          "See ",
          { type: "url", text: "this", url: "https://example.org" },
          " and ",
          { type: "code", text: "code" },
          ".",
        ],
      },
      { type: "pre", text: "1 < 2", language: "js" },
      {
        type: "table",
        is_bordered: true,
        cells: [
          [
            { text: "Day", is_header: true, align: "left", valign: "middle" },
            { text: "What", is_header: true, align: "left", valign: "middle" },
          ],
          [
            { text: "Mon", align: "left", valign: "middle" },
            { text: { type: "bold", text: "Run" }, align: "left", valign: "middle" },
          ],
        ],
      },
    ]);
  });

  test("turns items into lists, also nested ones", () => {
    const item = (text: string, more = {}) => ({ blocks: [{ type: "paragraph", text }], ...more });
    expect(richBlocksOf("1. one\n2. two\n   - [x] done\n   - [ ] open\n\n* star")).toEqual([
      {
        type: "list",
        items: [
          item("one", { value: 1, type: "1" }),
          {
            blocks: [
              { type: "paragraph", text: "two" },
              {
                type: "list",
                items: [
                  item("done", { has_checkbox: true, is_checked: true }),
                  item("open", { has_checkbox: true }),
                ],
              },
            ],
            value: 2,
            type: "1",
          },
        ],
      },
      { type: "list", items: [item("star")] },
    ]);
    const deep = Array.from({ length: 40 }, (_, level) => `${"  ".repeat(level)}- ${level}`).join("\n");
    expect(JSON.stringify(richBlocksOf(deep)).match(/"list"/g)).toHaveLength(6);
  });

  test("never turns text into a tag, a picture or a button", () => {
    const source = '![x](https://example.org/?q=secret) <img src="https://e.org"/> <tg-button>b</tg-button>';
    const [block] = richBlocksOf(source) ?? [];
    expect(block?.type).toBe("paragraph");
    expect(JSON.stringify(block)).not.toMatch(/"type":"(photo|button|buttons|video)"/);
  });

  test("returns nothing if the text is too large for a rich message", () => {
    expect(richBlocksOf("x".repeat(32_769))).toBeNull();
    expect(richBlocksOf(Array.from({ length: 501 }, () => "line").join("\n"))).toBeNull();
    const wide = (row: string) => `|${` ${row} |`.repeat(21)}`;
    expect(richBlocksOf([wide("a"), wide("---"), wide("b")].join("\n"))).toBeNull();
    expect(richBlocksOf(" \n ")).toBeNull();
  });

  test("is better only for headings, tables and long texts", () => {
    expect([TABLE, "# Title", "x".repeat(4_097)].map(isBetterRich)).toEqual([true, true, true]);
    expect(["**bold**", "- item", "```\n# no heading\n```"].map(isBetterRich)).toEqual([false, false, false]);
  });
});

test("a server without rich messages is tried again after an hour; one refused message changes nothing", () => {
  let now = 0;
  const rich = createRichSupport(true, () => now);
  expect([rich.mayTry(), rich.isKnown()]).toEqual([true, false]);
  rich.took();
  rich.refused(400);
  expect([rich.mayTry(), rich.isKnown()]).toEqual([true, true]);
  rich.refused(404);
  expect([rich.mayTry(), rich.isKnown()]).toEqual([false, false]);
  now += 60 * 60_000;
  expect(rich.mayTry()).toBe(true);
  rich.refused(400);
  expect(rich.mayTry()).toBe(false);
  const off = createRichSupport(false);
  off.took();
  expect([off.mayTry(), off.isKnown()]).toEqual([false, false]);
});

test("a long part in several pieces continues after the pieces that are sent", async () => {
  const pieces = createPieces();
  const taken: string[] = [];
  let refusals = 1;
  const sendPiece = async ({ text, buttons = [] }: OutboundPart): Promise<SendResult> => {
    if (taken.length === 1 && refusals-- > 0)
      return { kind: "retry", reason: "429", code: "telegram_429", scope: "conversation" };
    taken.push(`${text.length > 4_096 ? "too long" : "fits"}, ${buttons.length} buttons`);
    return { kind: "sent", externalIds: [`1:${taken.length}`] };
  };
  const part = { ...partOf("1", long("word word")), buttons: [{ label: "Yes", payload: "y" }] };
  // Another process would begin again, so the delivery may not count as unsent.
  expect(await pieces.send(part, sendPiece)).toMatchObject({
    kind: "unknown",
    reason: expect.stringMatching(/ \(\d of \d pieces are sent\)$/),
  });
  expect(pieces.hasBegun(part)).toBe(true);
  expect(await pieces.send(part, sendPiece)).toEqual({
    kind: "sent",
    externalIds: taken.map((_, index) => `1:${index + 1}`),
  });
  expect(pieces.hasBegun(part)).toBe(false);
  expect(taken).toHaveLength(5);
  expect(taken.map((line) => line.replace("fits, ", ""))).toEqual([
    ...Array.from({ length: 4 }, () => "0 buttons"),
    "1 buttons",
  ]);
});

test("a server without rich messages gets entities, and is not tried for each message", async () => {
  await using fake = await startScriptedTelegram({ chats: [String(CHAT)] });
  fake.lacks("sendRichMessage");
  const channel = telegramChannel(fake);
  for (let n = 0; n < 2; n++) expect(await send(channel, TABLE)).toMatchObject({ kind: "sent" });
  expect(fake.calls).toEqual(["sendRichMessage", "sendMessage", "sendMessage"]);
  expect(fake.textsIn(String(CHAT))[0]).toContain("Day  What");
  expect(channel.split?.(long("word word"))).toHaveLength(5);
  await channel.stop?.();

  // Another one knows the method and refuses the form. A limit is no refusal of the form.
  const other = telegramChannel(fake);
  const method = "sendRichMessage";
  fake.forget();
  fake.fail(method, { answer: 429, parameters: { retry_after: 3 } });
  expect(await send(other, TABLE)).toMatchObject({ kind: "retry", afterMs: 3_000 });
  fake.fail(method, { answer: 400, description: "Bad Request: RICH_MESSAGE_INVALID" });
  for (let n = 0; n < 2; n++) expect(await send(other, TABLE)).toMatchObject({ kind: "sent" });
  expect(fake.calls.slice(3)).toEqual([...[method, method], ...["sendMessage", "sendMessage"]]);
  await other.stop?.();
  const off = telegramChannel(fake, { config: { richMessages: false } });
  await send(off, TABLE);
  expect(fake.calls.at(-1)).toBe("sendMessage");
  await off.stop?.();
});

test("a server with rich messages gets answers and drafts as such, and plain messages after a refusal", async () => {
  await using simulator = await startSimulator("telegram");
  const { TELEGRAM_API_ROOT: url = "", TELEGRAM_BOT_TOKEN: token = "" } = simulator.settings;
  const channel = telegramChannel({ url, token });
  const chat = `/telegram/chats/${CHAT}`;
  await simulator.control("POST", `${chat}/messages`, { text: "hi" });
  const methods = async () => {
    const { body: log } = await simulator.control("GET", "/log");
    return log
      .filter(({ direction }: { direction: string }) => direction === "call")
      .map(({ name }: { name: string }) => name);
  };
  const text = long("word word");
  expect(channel.split?.(text)).toHaveLength(5);

  const target = {
    address: String(CHAT),
    sessionId: "session",
    executionId: "execution",
    userIdentifier: String(CHAT),
    onStanding: () => undefined,
  };
  const stream = channel.openStream?.(target);
  stream?.show(TABLE);
  await eventually(async () => expect(await methods()).toContain("sendRichMessageDraft"));
  await stream?.close();

  const buttons = [{ label: "Yes", payload: "y" }];
  expect(await send(channel, TABLE, { buttons })).toMatchObject({ kind: "sent" });
  const { body: seen } = await simulator.control("GET", chat);
  expect(seen.at(-1)).toMatchObject({ text: "Plan\nDay | What\nMon | Run", buttons: ["Yes"] });

  // The channel has learned that long answers fit one message.
  expect(channel.split?.(text)).toEqual([text]);
  expect(channel.split?.(text, "text")).toHaveLength(5);
  expect(await send(channel, text)).toMatchObject({ kind: "sent", externalIds: [expect.any(String)] });
  expect((await methods()).filter((name: string) => /^send(Rich)?Message$/.test(name))).toEqual([
    "sendRichMessage",
    "sendRichMessage",
  ]);

  // More lines than a rich message has blocks.
  const lines = Array.from({ length: 600 }, (_, n) => `line ${n} of many`).join("\n");
  const sent = await send(channel, lines);
  expect(sent).toMatchObject({ kind: "sent" });
  const { body: all } = await simulator.control("GET", chat);
  const pieces = all.slice(3).map((message: { text: string }) => message.text);
  expect(pieces.join("\n")).toBe(lines);
  await channel.stop?.();
});
