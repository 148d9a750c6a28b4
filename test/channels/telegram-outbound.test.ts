import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Channel } from "../../src/channels/channel.ts";
import { channelDefinitions } from "../../src/channels/registry.ts";
import { definition } from "../../src/channels/telegram/index.ts";
import { DEAD_ADDRESS } from "../support/dead-address.ts";
import { type FakeTelegram, startFakeTelegram } from "../support/fake-telegram.ts";
import { createSubjectTools, partOf, withoutSpace } from "./conformance-subject.ts";
import { CHAT, SECRET_TOKEN, telegramChannel } from "./telegram-subject.ts";

const soon = () => AbortSignal.timeout(10_000);

let fake: FakeTelegram;
let channel: Channel;
let tools: ReturnType<typeof createSubjectTools>;

beforeEach(async () => {
  tools = createSubjectTools();
  fake = await startFakeTelegram();
  channel = telegramChannel(fake, { log: tools.log });
});
afterEach(async () => {
  await channel.stop?.();
  await fake.close();
});

const send = (text: string, address = String(CHAT)) => channel.send(partOf(address, text), soon());

describe("sending", () => {
  test("returns the chat and the id of the message", async () => {
    expect(await send("hello")).toEqual({ kind: "sent", externalIds: [`${CHAT}:1`] });
    expect(fake.sent).toMatchObject([{ chatId: CHAT, threadId: null, text: "hello", entities: [] }]);
  });

  test("goes to the topic in the address", async () => {
    await send("hello", "-100987:17");
    expect(fake.sent).toMatchObject([{ chatId: -100987, threadId: 17 }]);
    await channel.typing?.("-100987:17", soon());
    expect(fake.calls.at(-1)).toEqual({
      method: "sendChatAction",
      payload: { chat_id: -100987, action: "typing", message_thread_id: 17 },
    });
  });

  test("to an invalid chat id fails, and that is known in advance", async () => {
    const refused = {
      code: "telegram_bad_address",
      reason: expect.stringContaining("a chat id is a number"),
    };
    expect(await channel.canReach?.("@ada")).toEqual({ kind: "unreachable", ...refused });
    expect(await channel.canReach?.("777001")).toEqual({ kind: "reachable" });
    expect(await send("hello", "@ada")).toMatchObject({ kind: "failed", ...refused });
    expect(fake.sent).toEqual([]);
  });

  test("turns formatting into entities", async () => {
    await send("a **bold** word");
    expect(fake.sent).toMatchObject([
      { text: "a bold word", entities: [{ type: "bold", offset: 2, length: 4 }] },
    ]);
  });

  test("keeps a text unchanged if that is configured", async () => {
    for (const text of [
      "# 5 is your number",
      "your code is _12_34_",
      "*words* and `code`",
      "[a](https://b.example)",
    ]) {
      await channel.send({ ...partOf(String(CHAT), text), format: "text" }, soon());
      expect(fake.sent.at(-1)).toMatchObject({ text, entities: [] });
    }
  });

  test("adds no marks when it splits a long text that must stay unchanged", () => {
    const long = `\`\`\`\n${"a line\n".repeat(2_000)}`;
    for (const { split } of Object.values(channelDefinitions))
      expect(split(long, "text").join("\n").match(/```/g)).toHaveLength(1);
    expect(definition.split(long).join("\n").match(/```/g)?.length).toBeGreaterThan(1);
  });

  test("never shows a link preview, because Telegram would fetch the address", async () => {
    fake.fail({ answer: 400, description: "Bad Request: can't parse entities" });
    await send("See **https://evil.example/?secret=abc**");
    await send("See https://evil.example/?secret=abc");
    expect(fake.sent).toMatchObject([{ hasLinkPreview: false }, { hasLinkPreview: false }]);
  });

  test("shows link previews if the configuration allows them", async () => {
    const open = telegramChannel(fake, { config: { linkPreviews: true } });
    await open.send(partOf(String(CHAT), "See https://example.org"), soon());
    expect(fake.sent).toMatchObject([{ hasLinkPreview: true }]);
    await open.stop?.();
  });

  test("sends the plain source if Telegram refuses the formatting", async () => {
    fake.fail({ answer: 400, description: "Bad Request: can't parse entities" });
    expect(await send("a **bold** word")).toMatchObject({ kind: "sent" });
    expect(fake.sent).toMatchObject([{ text: "a **bold** word", entities: [] }]);
  });

  test("delivers a long reply with code and formatting completely", async () => {
    const section = (n: number) =>
      `## Part ${n}\n\nSome **bold ${n}** [link](https://example.org/${n}) text. `;
    const code = `\n\`\`\`js\n${"call(argument);\n".repeat(400)}\`\`\`\n`;
    const reply = Array.from({ length: 120 }, (_, n) => section(n).repeat(2)).join("\n\n") + code;
    for (const part of definition.split(reply)) expect(await send(part)).toMatchObject({ kind: "sent" });
    const received = withoutSpace(fake.sent.map(({ text }) => text).join(""));
    expect(received.match(/call\(argument\);/g)?.length).toBe(400);
    expect(received.match(/Someboldd*\d+linktext\./g)?.length).toBe(240);
    expect(received).not.toContain("```");
  });

  test("makes no call for an address that is no chat", async () => {
    expect(await send("hello", "alice")).toMatchObject({ kind: "failed", scope: "conversation" });
    expect(fake.calls).toEqual([]);
  });

  test("works although Telegram never reported the bot's name", async () => {
    fake.fail({ answer: 500 }, { method: "getMe", times: 9 });
    await channel.start?.(tools.startContext());
    expect(await send("hello")).toMatchObject({ kind: "sent" });
  });

  test("returns a result to retry after the channel stopped", async () => {
    await channel.stop?.();
    expect(await send("late")).toMatchObject({ kind: "retry" });
    expect(fake.calls).toEqual([]);
  });
});

describe("an answer of Telegram", () => {
  test.each([
    [429, { retry_after: 3 }, { kind: "retry", scope: "conversation", afterMs: 3000 }],
    [429, undefined, { kind: "retry", scope: "conversation" }],
    [403, undefined, { kind: "failed", scope: "user", code: "telegram_403" }],
    [400, undefined, { kind: "failed", scope: "conversation", code: "telegram_400" }],
    [400, { migrate_to_chat_id: -1001 }, { kind: "moved", address: "-1001" }],
    [401, undefined, { kind: "failed", scope: "connection", reason: expect.stringContaining("@BotFather") }],
    [404, undefined, { kind: "failed", scope: "connection", reason: expect.stringContaining("token") }],
    [500, undefined, { kind: "retry", scope: "conversation" }],
    [502, undefined, { kind: "retry", scope: "conversation" }],
  ])("%i with %j becomes %j", async (status, parameters, expected) => {
    fake.fail({ answer: status, ...(parameters === undefined ? {} : { parameters }) });
    const result = await send("hello");
    expect(result).toMatchObject(expected);
    expect(fake.calls.length).toBe(1);
    if (!("afterMs" in expected)) expect(result).not.toHaveProperty("afterMs");
  });

  test.each([
    ["a proxy's 404", { html: 404 }, { kind: "retry", scope: "connection", code: "telegram_http_404" }],
    ["a proxy's 502", { html: 502 }, { kind: "unknown", code: "telegram_http_502" }],
    ["a page instead of an answer", { html: 200 }, { kind: "unknown" }],
    ["a connection cut before the answer", { cut: "before" as const }, { kind: "unknown" }],
    ["half an answer", { truncate: true as const }, { kind: "unknown" }],
  ])("%s is not taken for an answer of the Bot API", async (_, fault, expected) => {
    fake.fail(fault);
    expect(await send("hello")).toMatchObject(expected);
  });

  test('that never comes gives the result "unknown" after the time limit', async () => {
    fake.fail({ hang: true });
    const aborted = channel.send(partOf(String(CHAT), "hello"), AbortSignal.timeout(200));
    expect(await aborted).toMatchObject({ kind: "unknown" });
  });

  test.each([
    ["ENOTFOUND", "http://nowhere.invalid"],
    ["ECONNREFUSED", DEAD_ADDRESS],
  ])("%s means that nothing was sent", async (code, apiRoot) => {
    const nowhere = telegramChannel({ url: apiRoot, token: fake.token });
    const result = await nowhere.send(partOf("1", "hello"), soon());
    expect(result).toMatchObject({ kind: "retry" });
    if (code === "ECONNREFUSED") expect(result).toMatchObject({ code: "telegram_ECONNREFUSED" });
    await nowhere.stop?.();
  });

  test('that is lost on a reused connection is never taken for "not sent"', async () => {
    expect(await send("one")).toMatchObject({ kind: "sent" });
    fake.fail({ cut: "after" });
    expect(await send("two")).toMatchObject({ kind: "unknown" });
    expect(await send("three")).toMatchObject({ kind: "sent" });
    expect(fake.sent.map(({ text }) => text)).toEqual(["one", "two", "three"]);
  });
});

describe("a rate limit", () => {
  const limited = () => fake.fail({ answer: 429, parameters: { retry_after: 60 } });

  test("of a group that a second topic reaches does not delay other chats", async () => {
    limited();
    const first = await send("one", "-100987:17");
    expect(first).toMatchObject({ kind: "retry", scope: "conversation", afterMs: 60_000 });
    expect(first).not.toHaveProperty("alone");
    limited();
    expect(await send("two", "-100987:18")).toMatchObject({ kind: "retry", alone: true });
    limited();
    expect(await send("one", "-100987:17")).not.toHaveProperty("alone");
    limited();
    expect(await send("three", String(CHAT))).not.toHaveProperty("alone");
  });
});

describe("the bot token", () => {
  const faults = [
    { answer: 429, parameters: { retry_after: 1 } },
    {
      answer: 400,
      description: "Bad Request: https://api.telegram.org/bot4242:TEST-token_secret/sendMessage",
    },
    { answer: 401 },
    { answer: 403 },
    { answer: 404 },
    { answer: 500 },
    { html: 403 },
    { html: 502 },
    { cut: "before" as const },
    { cut: "after" as const },
    { truncate: true as const },
    { hang: true as const },
  ];

  test.each(faults)("appears in no result, error or log after %j", async (fault) => {
    for (const method of ["sendMessage", "sendChatAction", "getMe", "setWebhook", "setMyCommands"])
      fake.fail(fault, { method });
    const signal = AbortSignal.timeout(300);
    const context = tools.startContext();
    const online = telegramChannel(fake, {
      log: tools.log,
      publicUrl: { url: "https://bots.example.org", isPublic: true },
    });
    const result = await online.send(partOf(String(CHAT), "**hello**"), signal);
    await online.typing?.(String(CHAT), signal);
    if (!("hang" in fault)) await online.start?.(context);
    await online.stop?.();
    const everything = tools.show([result, context.errors, tools.logged()]);
    expect(everything).not.toContain("TEST-token_secret");
    expect(everything).not.toContain(SECRET_TOKEN);
  });
});
