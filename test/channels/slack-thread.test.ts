import { afterEach, beforeEach, expect, test } from "vitest";
import type { Channel } from "../../src/channels/channel.ts";
import type { MessageReference } from "../../src/core/message/inbound-message.ts";
import type { Logger } from "../../src/core/process/logger.ts";
import { type FakeSlack, startFakeSlack } from "../support/fake-slack.ts";
import { ADA, callback, directMessage, eventRequest, nextTs, slackChannel } from "./slack-subject.ts";

const GENERAL = "C0GENERAL1";
const BOB = "U0BOB00001";
const ROOT = "1790000001.000001";

let fake: FakeSlack;
let channel: Channel;
let warnings: string[];

beforeEach(async () => {
  fake = await startFakeSlack();
  fake.people.set(ADA, { name: "ada", profile: { display_name: "Ada" } });
  fake.people.set(BOB, { name: "bob", real_name: "Bob" });
  warnings = [];
  const ignore = () => undefined;
  const warn = (_: unknown, message: string) => void warnings.push(message);
  const log: Logger = { child: () => log, debug: ignore, info: ignore, error: ignore, warn };
  channel = slackChannel(fake, {
    log,
    findConversation: async (externalKey) =>
      externalKey === `${GENERAL}:1790000009.000001`
        ? { externalKey, userIdentifier: BOB, agent: "echo" }
        : null,
  });
});
afterEach(async () => {
  await channel.stop?.();
  await fake.close();
});

const mention = (event: Record<string, unknown> = {}) =>
  callback(fake, {
    type: "app_mention",
    channel: GENERAL,
    user: ADA,
    thread_ts: ROOT,
    ts: nextTs(),
    text: `<@${fake.us.userId}> what should we try next?`,
    ...event,
  });

async function referencesOf(body: unknown): Promise<readonly MessageReference[]> {
  const received = await channel.receive(eventRequest(fake, body));
  const [event] = received.kind === "accepted" ? received.events : [];
  if (event?.type !== "message") throw new Error("not a message");
  return event.references ?? [];
}

const asked = () => fake.calls.filter(({ method }) => method === "conversations.replies");

test("the first mention in a running thread carries the earlier messages with their authors", async () => {
  const body = mention();
  const { ts } = body.event as unknown as { ts: string };
  fake.threads.set(`${GENERAL}:${ROOT}`, [
    { ts: ROOT, user: BOB, text: "The deploy fails, <@U0ADA00001>" },
    { ts: "1790000002.000001", user: ADA, subtype: "channel_join", text: "joined" },
    {
      ts: "1790000003.000001",
      bot_id: "B0CI",
      subtype: "bot_message",
      username: "CI",
      text: "",
      blocks: [{ type: "section", text: { type: "mrkdwn", text: "*Build 7* is red &amp; late" } }],
    },
    {
      ts: "1790000004.000001",
      user: ADA,
      text: "",
      files: [{ id: "F1", name: "log.png", mimetype: "image/png" }],
    },
    { ts: "1790000005.000001", user: fake.us.userId, bot_id: fake.us.botId, text: "I was here before." },
    {
      ts: "1790000006.000001",
      user: "U0EVE00001",
      user_profile: { display_name: "Eve" },
      text: "Restart it?",
    },
    { ts, user: ADA, text: "the question itself" },
    { ts: "1790000900.000001", user: BOB, text: "later" },
  ]);
  await channel.start?.({
    accept: async () => undefined,
    whileLeader: () => undefined,
    reportError: () => undefined,
  });
  const told = await referencesOf(body);
  expect(told.map(({ author, text }) => `${author}: ${text}`)).toEqual([
    "Bob: The deploy fails, @Ada",
    "CI: *Build 7* is red & late",
    "Ada: [image: log.png]",
    "causeway: I was here before.",
    "Eve: Restart it?",
  ]);
  expect(told.map(({ kind }) => kind)).toEqual(Array(5).fill("thread"));
  expect(told[0]?.externalId).toBe(`${GENERAL}:${ROOT}`);
  expect(asked()[0]?.payload).toMatchObject({ channel: GENERAL, ts: ROOT, latest: ts });
});

test("only the first and the newest messages of a long thread are read", async () => {
  const said = Array.from({ length: 60 }, (_, n) => ({
    ts: `17900000${String(10 + n)}.000001`,
    user: BOB,
    text: `line ${n}`,
  }));
  fake.threads.set(`${GENERAL}:${ROOT}`, [{ ts: ROOT, user: BOB, text: "root" }, ...said]);
  fake.repliesPage.size = 15;
  const told = (await referencesOf(mention())).map(({ text }) => text);
  expect(told).toHaveLength(20);
  expect([told[0], told[1], told.at(-1)]).toEqual(["root", "line 41", "line 59"]);
});

test("a thread is read once for both events of a mention, and for Slack's repetitions", async () => {
  fake.threads.set(`${GENERAL}:${ROOT}`, [{ ts: ROOT, user: BOB, text: "root" }]);
  const body = mention();
  const both = [
    body,
    { ...mention(), event: { ...body.event, type: "message", channel_type: "channel" } },
    body,
  ];
  const told = await Promise.all(both.map(referencesOf));
  expect(told.map((references) => references.map(({ text }) => text))).toEqual([
    ["root"],
    ["root"],
    ["root"],
  ]);
  expect(asked()).toHaveLength(1);
});

test("no thread is read outside threads, in known threads or in direct messages", async () => {
  await referencesOf(mention({ thread_ts: undefined }));
  await referencesOf(mention({ thread_ts: "1790000009.000001" }));
  await referencesOf(directMessage(fake, { thread_ts: ROOT }));
  const own = nextTs();
  await referencesOf(mention({ ts: own, thread_ts: own }));
  expect(asked()).toEqual([]);
});

test("the bot gets the question alone if the thread cannot be read", async () => {
  fake.threads.set(`${GENERAL}:${ROOT}`, [{ ts: ROOT, user: BOB, text: "root" }]);
  for (const fault of [
    { error: "thread_not_found" },
    { html: 502 },
    { cut: "before" as const },
    { hang: true as const },
  ]) {
    fake.fail(fault, { method: "conversations.replies" });
    expect(await referencesOf(mention({ thread_ts: `179000000${asked().length}.000002` }))).toEqual([]);
  }
  expect(asked()).toHaveLength(4);
});

test("a rate limit applies to every thread", async () => {
  fake.fail({ rateLimited: 60 }, { method: "conversations.replies" });
  expect(await referencesOf(mention())).toEqual([]);
  expect(await referencesOf(mention({ thread_ts: "1790000002.000002" }))).toEqual([]);
  expect(asked()).toHaveLength(1);
});

test("an app without the scope warns once, and makes no more calls", async () => {
  fake.scopes.splice(fake.scopes.indexOf("channels:history"), 1);
  expect(await referencesOf(mention())).toEqual([]);
  expect(await referencesOf(mention({ thread_ts: "1790000002.000002" }))).toEqual([]);
  expect(asked()).toHaveLength(1);
  expect(warnings).toEqual(["a slack thread was not read"]);
});
