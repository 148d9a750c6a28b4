import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { KnownConversation } from "../../src/channels/channel.ts";
import type { InboundMessage } from "../../src/core/channel-event.ts";
import { type FakeSlack, startFakeSlack } from "../support/fake-slack.ts";
import { createSubjectTools } from "./conformance-subject.ts";
import {
  ADA,
  callback,
  DM,
  directMessage,
  eventRequest,
  nextTs,
  type SlackOverrides,
  slackChannel,
} from "./slack-subject.ts";

const GENERAL = "C0GENERAL1";
const BOB = "U0BOB00001";

let fake: FakeSlack;
let known: Map<string, KnownConversation>;

beforeEach(async () => {
  fake = await startFakeSlack();
  fake.people.set(ADA, { name: "ada", profile: { display_name: "Ada" } });
  fake.people.set(BOB, { name: "bob", real_name: "Bob" });
  known = new Map();
});
afterEach(() => fake.close());

/** What the channel makes of an event's body. */
async function read(body: unknown, overrides: SlackOverrides = {}): Promise<InboundMessage[]> {
  const channel = slackChannel(fake, {
    findConversation: async (externalId) => known.get(externalId) ?? null,
    ...overrides,
  });
  const received = await channel.receive(eventRequest(fake, body));
  await channel.stop?.();
  if (received.kind === "rejected") throw new Error(received.message);
  return received.events.map((event) => {
    if (event.type !== "message") throw new Error("not a message");
    return event;
  });
}

const inChannel = (event: Record<string, unknown>) =>
  callback(fake, {
    type: "message",
    channel: GENERAL,
    channel_type: "channel",
    user: ADA,
    ts: nextTs(),
    ...event,
  });
const us = () => `<@${fake.us.userId}>`;

describe("a conversation on Slack", () => {
  test("is a thread: a mention at the top level begins one", async () => {
    const ts = nextTs();
    const [message] = await read(inChannel({ type: "app_mention", ts, text: `${us()}, hello there` }));
    expect(message).toMatchObject({
      text: "hello there",
      userName: "Ada",
      conversation: {
        address: `${GENERAL}:${ts}`,
        externalId: `${GENERAL}:${ts}`,
        userIdentifier: ADA,
      },
    });
  });

  test("is named by the thread's first message, also for a mention in the middle of it", async () => {
    const text = `what do you say, ${us()}?`;
    const [message] = await read(inChannel({ type: "app_mention", thread_ts: "1790000001.000001", text }));
    expect(message).toMatchObject({
      text: "what do you say,?",
      conversation: { externalId: `${GENERAL}:1790000001.000001` },
    });
  });

  test("begins with every direct message that is in no thread", async () => {
    const ts = nextTs();
    const [first] = await read(directMessage(fake, { ts }));
    const [second] = await read(directMessage(fake, { thread_ts: ts }));
    expect(first?.conversation.externalId).toBe(`${DM}:${ts}`);
    expect(second?.conversation.externalId).toBe(`${DM}:${ts}`);
  });

  test("goes on without a mention in a thread that is known", async () => {
    known.set(`${GENERAL}:1790000001.000001`, { userIdentifier: ADA, agent: "echo" });
    const [message] = await read(inChannel({ thread_ts: "1790000001.000001", text: "and then?" }));
    expect(message).toMatchObject({ text: "and then?", agent: "echo" });
  });

  test("does not take up what others say in channels and in threads of their own", async () => {
    expect(await read(inChannel({ text: "lunch?" }))).toEqual([]);
    expect(await read(inChannel({ thread_ts: "1790000009.000001", text: "yes" }))).toEqual([]);
    expect(await read(inChannel({ channel_type: "mpim", channel: "G0GROUP001", text: "all" }))).toEqual([]);
  });

  test("is answered in a thread that hangs on a message of ours", async () => {
    const reply = { thread_ts: "1790000009.000001", parent_user_id: fake.us.userId, text: "yes" };
    expect(await read(inChannel(reply))).toHaveLength(1);
  });

  test("names other people, whose thread it is not", async () => {
    known.set(`${GENERAL}:1790000001.000001`, { userIdentifier: ADA, agent: "echo" });
    const [message] = await read(
      inChannel({ user: BOB, thread_ts: "1790000001.000001", text: "I disagree" }),
    );
    expect(message).toMatchObject({ text: "Bob: I disagree", userName: "Bob" });
  });

  test("is refused with 503 while nobody can say whether the thread is ours", async () => {
    const away = async () => {
      throw new Error("the database is away");
    };
    const body = inChannel({ thread_ts: "1790000001.000001", text: "lost?" });
    await expect(read(body, { findConversation: away })).rejects.toMatchObject({ status: 503 });
  });
});

describe("a Slack event", () => {
  test("of a mention comes twice and shares a key, whichever comes first", async () => {
    const event = { channel: GENERAL, ts: nextTs(), text: `${us()} hello` };
    const [mention] = await read(inChannel({ ...event, type: "app_mention" }));
    const [message] = await read(inChannel({ ...event, type: "message" }));
    expect(message?.text).toBe(mention?.text);
    expect(message?.eventKeys.filter((key) => mention?.eventKeys.includes(key))).toEqual([
      `message:${GENERAL}:${event.ts}`,
    ]);
    expect(message?.eventKeys).toHaveLength(2);
  });

  test("that asks whether the URL is ours is answered with its challenge", async () => {
    const channel = slackChannel(fake);
    const body = { type: "url_verification", token: "legacy", challenge: "3eZbrw1aB" };
    const received = await channel.receive(eventRequest(fake, body));
    expect(received).toMatchObject({ kind: "accepted", events: [] });
    if (received.kind !== "accepted") return;
    expect(received.response?.contentType).toContain("application/json");
    expect(JSON.parse(received.response?.body ?? "")).toEqual({ challenge: "3eZbrw1aB" });
    await channel.stop?.();
  });

  test("with a file keeps what Slack says about it", async () => {
    const files = [{ id: "F1", name: "cat.png", mimetype: "image/png", size: 12 }, { id: "F2" }];
    const [message] = await read(directMessage(fake, { subtype: "file_share", files }));
    expect(message?.attachments).toEqual([
      { kind: "image", platformId: "F1", name: "cat.png", contentType: "image/png", bytes: 12 },
      { kind: "file", platformId: "F2" },
    ]);
  });

  test("says that the app was removed, and the channel says so too", async () => {
    const tools = createSubjectTools();
    const context = tools.startContext();
    const channel = slackChannel(fake);
    await channel.start?.(context);
    await channel.receive(eventRequest(fake, callback(fake, { type: "app_uninstalled" })));
    expect(context.errors.at(-1)).toContain("removed");
    await channel.stop?.();
  });

  test("is answered without the writer's name where names cannot be had", async () => {
    fake.fail({ error: "missing_scope" }, { method: "users.info" });
    const [message] = await read(directMessage(fake));
    expect(message).toMatchObject({ text: "hello" });
    expect(message?.userName).toBeUndefined();
  });
});

describe("a text from Slack", () => {
  const reads = async (text: string) => (await read(directMessage(fake, { text })))[0]?.text;

  test("is read as people saw it", async () => {
    expect(await reads("5 &lt; 6 &amp;&amp; 7 &gt; 6 &amp;lt;")).toBe("5 < 6 && 7 > 6 &lt;");
    expect(await reads(`ask <@${BOB}> or <@U0NOBODY01|carol> in <#C0X|general>`)).toBe(
      "ask @Bob or @carol in #general",
    );
    expect(await reads("<!here> <!subteam^S1|@team> <!date^1^{date}|today>")).toBe("@here @team today");
    expect(
      await reads("<https://a.example/x|our page> <https://a.example> <mailto:a@b.example|a@b.example>"),
    ).toBe("[our page](https://a.example/x) https://a.example a@b.example");
  });

  test("is not reset by /reset: that is ordinary text here", async () => {
    expect(await reads("/reset")).toBe("/reset");
  });

  test("that is nothing but the mention is answered all the same", async () => {
    const [message] = await read(inChannel({ type: "app_mention", text: us() }));
    expect(message?.text).toMatch(/^@/);
  });
});

describe("several agents on one Slack app", () => {
  const agents = {
    support: { channels: ["C0SUPPORT1"], keywords: ["help"] },
    sales: { keywords: ["Sales"] },
  };
  const agentOf = async (event: Record<string, unknown>) => {
    const [message] = await read(inChannel({ type: "app_mention", ...event }), { config: { agents } });
    return message?.agent ?? null;
  };

  test("are chosen by the exact Slack channel, then by the first word, then the channel's own", async () => {
    expect(await agentOf({ channel: "C0SUPPORT1", text: `${us()} sales please` })).toBe("support");
    expect(await agentOf({ text: `${us()} SALES: what does it cost?` })).toBe("sales");
    expect(await agentOf({ text: `${us()} help` })).toBe("support");
    expect(await agentOf({ text: `${us()} no sales` })).toBeNull();
  });

  test("keep their threads, whatever is said in them", async () => {
    known.set(`${GENERAL}:1790000001.000001`, { userIdentifier: ADA, agent: "sales" });
    expect(await agentOf({ thread_ts: "1790000001.000001", text: `${us()} help` })).toBe("sales");
  });
});
