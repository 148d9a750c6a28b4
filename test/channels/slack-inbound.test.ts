import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { KnownConversation } from "../../src/channels/channel-options.ts";
import type { InboundMessage } from "../../src/core/message/inbound-message.ts";
import { eventually } from "../support/eventually.ts";
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

/** The messages that the channel reads from an event's body. */
async function read(body: unknown, overrides: SlackOverrides = {}): Promise<InboundMessage[]> {
  const channel = slackChannel(fake, {
    findConversation: async (externalKey) => known.get(externalKey) ?? null,
    ...overrides,
  });
  const received = await channel.receive(eventRequest(fake, body));
  await channel.stop?.();
  if (received.kind !== "accepted") throw new Error(JSON.stringify(received));
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

/** A thread of Ada's in which an agent answers. */
function knows(agent: string): void {
  const externalKey = `${GENERAL}:1790000001.000001`;
  known.set(externalKey, { externalKey, userIdentifier: ADA, agent });
}

describe("a conversation on Slack", () => {
  test("is a thread, and a mention at the top level begins one", async () => {
    const ts = nextTs();
    const [message] = await read(inChannel({ type: "app_mention", ts, text: `${us()}, hello there` }));
    expect(message).toMatchObject({
      text: "hello there",
      userName: "Ada",
      conversation: {
        address: `${GENERAL}:${ts}`,
        externalKey: `${GENERAL}:${ts}`,
        userIdentifier: ADA,
        // Access for the Slack channel is access for everybody who writes there.
        partOf: GENERAL,
      },
    });
  });

  test("is named by the thread's first message, also after a mention in the middle of the thread", async () => {
    const text = `what do you say, ${us()}?`;
    const [message] = await read(inChannel({ type: "app_mention", thread_ts: "1790000001.000001", text }));
    expect(message).toMatchObject({
      text: "what do you say,?",
      conversation: { externalKey: `${GENERAL}:1790000001.000001` },
    });
  });

  test("begins with every direct message that is in no thread", async () => {
    const ts = nextTs();
    const [first] = await read(directMessage(fake, { ts }));
    const [second] = await read(directMessage(fake, { thread_ts: ts }));
    expect(first?.conversation.externalKey).toBe(`${DM}:${ts}`);
    expect(second?.conversation.externalKey).toBe(`${DM}:${ts}`);
  });

  test("continues without a mention in a known thread", async () => {
    knows("echo");
    const [message] = await read(inChannel({ thread_ts: "1790000001.000001", text: "and then?" }));
    expect(message).toMatchObject({ text: "and then?", agent: "echo" });
  });

  test("ignores messages of others in channels and in their own threads", async () => {
    expect(await read(inChannel({ text: "lunch?" }))).toEqual([]);
    expect(await read(inChannel({ thread_ts: "1790000009.000001", text: "yes" }))).toEqual([]);
    expect(await read(inChannel({ channel_type: "mpim", channel: "G0GROUP001", text: "all" }))).toEqual([]);
  });

  test("is looked up by ids that the database can read", async () => {
    const looked: string[] = [];
    const findConversation = async (key: string) => {
      looked.push(key);
      return null;
    };
    const reply = { channel: "D\0X", thread_ts: "1790000009.000001" };
    expect(await read(directMessage(fake, reply), { findConversation })).toHaveLength(1);
    expect(looked).toEqual(["D\uFFFDX:1790000009.000001"]);
  });

  test("continues in a thread below a message of the bot", async () => {
    const reply = { thread_ts: "1790000009.000001", parent_user_id: fake.us.userId, text: "yes" };
    expect(await read(inChannel(reply))).toHaveLength(1);
  });

  test("names the author and time of each message if several people may write", async () => {
    knows("echo");
    const thread = { thread_ts: "1790000001.000001", ts: "1790000300.250000" };
    const [bobs] = await read(inChannel({ ...thread, user: BOB, text: "I disagree" }));
    expect(bobs).toMatchObject({
      text: "I disagree",
      userName: "Bob",
      author: { identifier: BOB, name: "Bob" },
      sentAt: new Date(1_790_000_300_250),
    });
    const [adas] = await read(inChannel({ ...thread, ts: nextTs(), text: "Why?" }));
    expect(adas).toMatchObject({ text: "Why?", author: { identifier: ADA, name: "Ada" } });
    const [direct] = await read(directMessage(fake));
    expect(direct?.sentAt).toBeInstanceOf(Date);
    expect(direct).not.toHaveProperty("author");
  });

  test("ignores a message that begins with a mention of another person", async () => {
    knows("echo");
    const says = (text: string, more = {}) =>
      read(inChannel({ thread_ts: "1790000001.000001", ts: nextTs(), text, ...more }));
    expect(await says(`<@${BOB}> did you see this?`)).toEqual([]);
    expect(await says(` <@${BOB}|bob>, did you?`)).toEqual([]);
    expect(await says("<!subteam^S0TEAM001|@team> anybody?")).toEqual([]);
    expect(await says(`<@${BOB}> and ${us()}, what now?`)).toMatchObject([{ text: "@Bob and, what now?" }]);
    expect(await says(`ask <@${BOB}>`)).toMatchObject([{ text: "ask @Bob" }]);
    expect(await says("<!here> look")).toMatchObject([{ text: "@here look" }]);
    expect(await says(`<@${BOB}> hm`, { parent_user_id: fake.us.userId })).toEqual([]);
    const blocks = [
      {
        type: "rich_text",
        elements: [{ type: "rich_text_section", elements: [{ type: "user", user_id: BOB }] }],
      },
    ];
    expect(await says("", { blocks })).toEqual([]);
    expect(await read(directMessage(fake, { text: `<@${BOB}> is my boss` }))).toMatchObject([
      { text: "@Bob is my boss" },
    ]);
  });

  test("needs a mention each time if configured so, except in direct messages", async () => {
    knows("echo");
    const config = { threads: "mention" };
    const thread = { thread_ts: "1790000001.000001" };
    const says = (event: Record<string, unknown>) => read(inChannel({ ...thread, ...event }), { config });
    expect(await says({ text: "and then?" })).toEqual([]);
    expect(await says({ text: "and then?", parent_user_id: fake.us.userId })).toEqual([]);
    expect(await says({ text: `and then, ${us()}?` })).toHaveLength(1);
    expect(await says({ text: `${us()} and then?`, type: "app_mention" })).toHaveLength(1);
    expect(await read(directMessage(fake, thread), { config })).toHaveLength(1);
  });

  test("that the bot began in direct messages continues with a message outside its thread", async () => {
    const asked: unknown[] = [];
    const overrides: SlackOverrides = {
      async findUnanswered(user, begins) {
        asked.push([user, begins]);
        return { externalKey: `${DM}:1790000001.000001`, userIdentifier: ADA, agent: "sales" };
      },
    };
    const ts = nextTs();
    expect(await read(directMessage(fake, { ts, text: "badly" }), overrides)).toMatchObject([
      {
        text: "badly",
        agent: "sales",
        conversation: { address: `${DM}:${ts}`, externalKey: `${DM}:1790000001.000001`, userIdentifier: ADA },
      },
    ]);
    expect(asked).toEqual([[ADA, [`${DM}:`, `${ADA}:`]]]);
    await read(directMessage(fake, { thread_ts: "1790000001.000001" }), overrides);
    await read(inChannel({ type: "app_mention", text: us() }), overrides);
    expect(asked).toHaveLength(1);
  });

  test("continues in the thread below one of its direct messages, but not across workspaces", async () => {
    const keys: unknown[] = [];
    const finding = (externalKey: string): SlackOverrides => ({
      async findConversation(address, key) {
        keys.push([address, key]);
        return { externalKey, userIdentifier: ADA, agent: "sales" };
      },
    });
    const reply = directMessage(fake, { thread_ts: "1790000002.000001" });
    expect(await read(reply, finding(`${DM}:1790000001.000001`))).toMatchObject([
      { conversation: { address: `${DM}:1790000002.000001`, externalKey: `${DM}:1790000001.000001` } },
    ]);
    expect(keys).toEqual([[`${DM}:1790000002.000001`, `message:${DM}:1790000002.000001`]]);
    expect(await read(reply, finding(`T0OTHER/${DM}:1790000001.000001`))).toMatchObject([
      { conversation: { externalKey: `${DM}:1790000002.000001` } },
    ]);
  });

  test("answers 503 while the database cannot say whether the thread is known", async () => {
    const away = async () => {
      throw Object.assign(new Error("the database is away"), { code: "ECONNREFUSED" });
    };
    const channel = slackChannel(fake, { findConversation: away, findUnanswered: away });
    for (const body of [inChannel({ thread_ts: "1790000001.000001", text: "lost?" }), directMessage(fake)])
      expect(await channel.receive(eventRequest(fake, body))).toMatchObject({ kind: "later" });
    await channel.stop?.();
  });

  test("throws if the lookup fails for another reason than the database", async () => {
    const fault = new TypeError("no such property");
    const channel = slackChannel(fake, { findConversation: () => Promise.reject(fault) });
    const body = inChannel({ thread_ts: "1790000001.000001", text: "whose?" });
    await expect(channel.receive(eventRequest(fake, body))).rejects.toBe(fault);
    await channel.stop?.();
  });
});

describe("a Slack event", () => {
  test("for a mention comes twice with a shared key, in any order", async () => {
    const event = { channel: GENERAL, ts: nextTs(), text: `${us()} hello` };
    const [mention] = await read(inChannel({ ...event, type: "app_mention" }));
    const [message] = await read(inChannel({ ...event, type: "message" }));
    expect(message?.text).toBe(mention?.text);
    expect(message?.eventKeys.filter((key) => mention?.eventKeys.includes(key))).toEqual([
      `message:${GENERAL}:${event.ts}`,
    ]);
    expect(message?.eventKeys).toHaveLength(2);
    // Either event may have data that the other lacks.
    expect([mention?.supplements, message?.supplements]).toEqual([true, true]);
    expect((await read(directMessage(fake)))[0]).not.toHaveProperty("supplements");
  });

  test("may be rewritten by its writer, which is an edit of the message with its timestamp", async () => {
    const ts = "1790000300.000100";
    const changed = (message: Record<string, unknown>, event: Record<string, unknown> = {}) => {
      const written = { type: "message", user: ADA, ts, text: "take two", ...message };
      return read(
        directMessage(fake, {
          subtype: "message_changed",
          ts: nextTs(),
          hidden: true,
          user: undefined,
          message: written,
          ...event,
        }),
      );
    };
    const edited = { user: ADA, ts: "1790000310.500000" };
    expect(await changed({ edited })).toMatchObject([
      {
        text: "take two",
        edits: { eventKey: `message:${DM}:${ts}` },
        metadata: { edited_at: "2026-09-21T14:18:30.500Z" },
        sentAt: new Date(1_790_000_300_000),
        conversation: { address: `${DM}:${ts}`, userIdentifier: ADA },
      },
    ]);
    // Slack adds the preview of a link to it, also after an edit.
    expect(await changed({})).toEqual([]);
    expect(await changed({ edited }, { previous_message: { ts, text: "take two", edited } })).toEqual([]);
    // Words of a bot, and an edit in a channel that does not mention us.
    expect(await changed({ edited, user: fake.us.userId, bot_id: fake.us.botId })).toEqual([]);
    const inGeneral = { channel: GENERAL, channel_type: "channel" };
    expect(await changed({ edited }, inGeneral)).toEqual([]);
    // Nobody's words in a thread of others are kept, not even for an edit of a message that may still come.
    expect(await changed({ edited, thread_ts: "1790000000.000100" }, inGeneral)).toEqual([]);
    expect(await changed({ edited, text: `${us()} hello` }, inGeneral)).toMatchObject([
      { text: "hello", edits: { eventKey: `message:${GENERAL}:${ts}` } },
    ]);
  });

  test("is used only if its subtype means that a person wrote a message", async () => {
    const kinds = async (subtype: string, event: Record<string, unknown> = {}) =>
      (await read(directMessage(fake, { subtype, ...event }))).length;
    for (const subtype of ["file_share", "thread_broadcast", "me_message"])
      expect(await kinds(subtype)).toBe(1);
    for (const subtype of [
      "message_changed",
      "message_deleted",
      "message_replied",
      "huddle_thread",
      "channel_join",
    ])
      expect(await kinds(subtype, { message: { text: "hello" } })).toBe(0);
    for (const subtype of ["bot_message", "assistant_app_thread", "reminder_add", "something_new"])
      expect(await kinds(subtype)).toBe(0);
    const broadcast = { subtype: "thread_broadcast", thread_ts: "1790000001.000001", text: `${us()} all` };
    expect(await read(inChannel(broadcast))).toMatchObject([
      { conversation: { externalKey: `${GENERAL}:1790000001.000001` } },
    ]);
  });

  test("from a shared channel or an organization contains the names of its people", async () => {
    const event = {
      type: "app_mention",
      user: "W0EVE00001",
      text: `${us()} hello`,
      user_profile: { real_name: "Eve E.", display_name: "eve" },
      user_team: "E0ORG00001",
    };
    expect(await read(inChannel(event))).toMatchObject([
      { userName: "eve", author: { identifier: "W0EVE00001", name: "eve" } },
    ]);
    expect(fake.calls.filter(({ method }) => method === "users.info")).toEqual([]);
  });

  test("that verifies the URL is answered with its challenge", async () => {
    const channel = slackChannel(fake);
    const body = { type: "url_verification", token: "legacy", challenge: "3eZbrw1aB" };
    const received = await channel.receive(eventRequest(fake, body));
    expect(received).toMatchObject({ kind: "accepted", events: [] });
    if (received.kind !== "accepted") return;
    expect(received.response?.contentType).toContain("application/json");
    expect(JSON.parse(received.response?.body ?? "")).toEqual({ challenge: "3eZbrw1aB" });
    await channel.stop?.();
  });

  test("with a file keeps Slack's data about the file", async () => {
    const files = [{ id: "F1", name: "cat.png", mimetype: "image/png", size: 12 }, { id: "F2" }];
    const [message] = await read(directMessage(fake, { subtype: "file_share", files }));
    expect(message?.attachments).toEqual([
      { kind: "image", platformId: "F1", name: "cat.png", contentType: "image/png", bytes: 12 },
      { kind: "file", platformId: "F2" },
    ]);
  });

  test("about the app's removal makes the channel report an error", async () => {
    const tools = createSubjectTools();
    const context = tools.startContext();
    const channel = slackChannel(fake);
    await channel.start?.(context);
    await channel.receive(eventRequest(fake, callback(fake, { type: "app_uninstalled" })));
    expect(context.errors.at(-1)).toContain("removed");
    await channel.stop?.();
  });

  test("is read without the writer's name if Slack does not give names", async () => {
    fake.fail({ error: "missing_scope" }, { method: "users.info" });
    const [message] = await read(directMessage(fake));
    expect(message).toMatchObject({ text: "hello" });
    expect(message?.userName).toBeUndefined();
  });
});

describe("a text from Slack", () => {
  const reads = async (text: string) => (await read(directMessage(fake, { text })))[0]?.text;

  test("is read in the form that people saw", async () => {
    expect(await reads("5 &lt; 6 &amp;&amp; 7 &gt; 6 &amp;lt;")).toBe("5 < 6 && 7 > 6 &lt;");
    expect(await reads(`ask <@${BOB}> or <@U0NOBODY01|carol> in <#C0X|general>`)).toBe(
      "ask @Bob or @carol in #general",
    );
    expect(await reads("<!here> <!subteam^S1|@team> <!date^1^{date}|today>")).toBe("@here @team today");
    expect(
      await reads("<https://a.example/x|our page> <https://a.example> <mailto:a@b.example|a@b.example>"),
    ).toBe("[our page](https://a.example/x) https://a.example a@b.example");
  });

  test("may be /reset, which is ordinary text here", async () => {
    expect(await reads("/reset")).toBe("/reset");
  });

  test("that contains only the mention is answered, too", async () => {
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

  test("are chosen by the Slack channel, then by the first word, then by default", async () => {
    expect(await agentOf({ channel: "C0SUPPORT1", text: `${us()} sales please` })).toBe("support");
    expect(await agentOf({ text: `${us()} SALES: what does it cost?` })).toBe("sales");
    expect(await agentOf({ text: `${us()} help` })).toBe("support");
    expect(await agentOf({ text: `${us()} no sales` })).toBeNull();
  });

  test("keep their threads, whatever the first word of a message is", async () => {
    knows("sales");
    expect(await agentOf({ thread_ts: "1790000001.000001", text: `${us()} help` })).toBe("sales");
  });
});

test("a press of Stop that Slack repeats a minute later stops nothing", async () => {
  const channel = slackChannel(fake);
  const stop = { type: "agent_session_stopped", channel: GENERAL, user: ADA, thread_ts: "1790000001.000001" };
  const { headers, ...request } = eventRequest(fake, callback(fake, stop));
  const events = async (retry: string) => {
    const received = await channel.receive({
      ...request,
      headers: { ...headers, "x-slack-retry-num": retry },
    });
    return received.kind === "accepted" ? received.events : received;
  };
  expect(await events("1")).toEqual([{ type: "stop", address: `${GENERAL}:1790000001.000001` }]);
  expect(await events("2")).toEqual([]);
  await channel.stop?.();
});

test("suggested prompts are shown to a person who opens the app, for both kinds of app", async () => {
  const suggestedPrompts = [{ title: "Prices", message: "What does it cost?" }];
  const opened = [
    { type: "app_home_opened", user: ADA, channel: DM, tab: "messages" },
    { type: "app_home_opened", user: ADA, channel: DM, tab: "home" },
    { type: "assistant_thread_started", assistant_thread: { channel_id: DM, thread_ts: "1.2", context: {} } },
  ];
  const channels = [slackChannel(fake), slackChannel(fake, { config: { suggestedPrompts } })];
  for (const channel of channels)
    for (const event of opened)
      expect(await channel.receive(eventRequest(fake, callback(fake, event)))).toMatchObject({ events: [] });
  const calls = () => fake.calls.filter(({ method }) => method === "assistant.threads.setSuggestedPrompts");
  await eventually(() => expect(calls()).toHaveLength(2));
  const prompts = JSON.stringify(suggestedPrompts);
  expect(calls().map(({ payload }) => payload)).toEqual(
    expect.arrayContaining([
      { channel_id: DM, prompts },
      { channel_id: DM, thread_ts: "1.2", prompts },
    ]),
  );
  for (const channel of channels) await channel.stop?.();
});
