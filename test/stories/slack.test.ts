import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  ADA,
  actionIds,
  blockActions,
  callback,
  directMessage,
  formRequest,
  nextTs,
} from "../channels/slack-subject.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { type FakeSlack, type PostedMessage, signedHeaders, startFakeSlack } from "../support/fake-slack.ts";
import { type BotCall, createScriptedBot, type ScriptedBot } from "../support/scripted-bot.ts";

const GENERAL = "C0GENERAL1";
const BOB = "U0BOB00001";

let fake: FakeSlack;
let app: TestApp;
let bot: ScriptedBot;

beforeEach(async () => {
  fake = await startFakeSlack();
  fake.people.set(ADA, { name: "ada", profile: { display_name: "Ada" } });
  fake.people.set(BOB, { name: "bob", real_name: "Bob" });
  bot = createScriptedBot((call) => {
    if (!call.texts.includes("slowly")) call.reply(`re: ${call.texts.join(" + ")}`);
  });
  app = await startTestApp({
    bots: { scripted: bot.definition },
    agents: {
      agent: { bot: { type: "scripted", note: "agent" } },
      sales: { bot: { type: "scripted", note: "sales" } },
    },
    channels: {
      slack: {
        kind: "slack",
        agent: "agent",
        botToken: fake.botToken,
        signingSecret: fake.signingSecret,
        mode: "events",
        apiUrl: fake.apiUrl,
        agents: { sales: { keywords: ["sales"] } },
      },
    },
  });
});
afterEach(async () => {
  await app[Symbol.asyncDispose]();
  await fake.close();
});

/** Posts an event as Slack does. Returns the status of the answer. */
async function post(body: unknown): Promise<number> {
  const text = JSON.stringify(body);
  const headers = signedHeaders(text, fake.signingSecret);
  const response = await fetch(`${app.url}/webhooks/slack`, { method: "POST", headers, body: text });
  await response.arrayBuffer();
  return response.status;
}

const inChannel = (event: Record<string, unknown>) =>
  callback(fake, { type: "message", channel: GENERAL, channel_type: "channel", user: ADA, ...event });
const mention = (ts: string, text = "hello") =>
  inChannel({ type: "app_mention", ts, text: `<@${fake.us.userId}> ${text}` });

const answersIn = (thread: string) =>
  fake.posted.filter(({ threadTs }) => threadTs === thread).map(({ text }) => text);
async function promptOf(call: BotCall | undefined): Promise<string[]> {
  return ((await call?.turn.prompt()) ?? []).map(({ role, content }) => `${role}: ${content}`);
}
const sessions = async () => (await app.api("GET", "/chat/sessions")).body.data;

describe("on Slack", () => {
  test("a mention that arrives as two events, each repeated, is answered once, in its thread", async () => {
    const ts = nextTs();
    const twice = [mention(ts), inChannel({ ts, text: `<@${fake.us.userId}> hello` })];
    const statuses = await Promise.all([...twice, ...twice].map((body) => post(body)));
    expect(statuses).toEqual([200, 200, 200, 200]);
    await eventually(() => expect(answersIn(ts)).toEqual(["re: hello"]));
    expect(await sessions()).toMatchObject([{ external_id: `${GENERAL}:${ts}`, channel: "slack" }]);
    expect(bot.calls).toHaveLength(1);
  });

  test("a thread continues without mentions, the bot knows who writes, and it ignores other threads", async () => {
    const ts = nextTs();
    await post(mention(ts));
    await eventually(() => expect(answersIn(ts)).toEqual(["re: hello"]));
    await post(inChannel({ ts: nextTs(), thread_ts: ts, text: "and now?" }));
    await eventually(() => expect(answersIn(ts)).toHaveLength(2));
    await post(inChannel({ ts: nextTs(), thread_ts: ts, user: BOB, text: "me too" }));
    await post(inChannel({ ts: nextTs(), thread_ts: nextTs(), text: "not for you" }));
    await eventually(() => expect(answersIn(ts)).toEqual(["re: hello", "re: and now?", "re: me too"]));
    expect(await sessions()).toHaveLength(1);
    expect(bot.calls.map(({ turn }) => turn.user?.name)).toEqual(["Ada", "Ada", "Ada"]);
    expect(await promptOf(bot.calls[2])).toEqual([
      "user: Ada: hello",
      "assistant: re: hello",
      "user: Ada: and now?",
      "assistant: re: and now?",
      "user: Bob: me too",
    ]);
  });

  test("two people who write in one thread at the same moment both get answers, in one session", async () => {
    const ts = nextTs();
    const replies = [ADA, BOB].map((user) =>
      inChannel({
        type: "app_mention",
        ts: nextTs(),
        thread_ts: ts,
        user,
        text: `<@${fake.us.userId}> I am ${user}`,
      }),
    );
    expect(await Promise.all(replies.map((body) => post(body)))).toEqual([200, 200]);
    await eventually(() => {
      const all = answersIn(ts).join(" ");
      expect(all).toContain(ADA);
      expect(all).toContain(BOB);
    });
    expect(await sessions()).toHaveLength(1);
  });

  test("each direct message outside a thread opens its own session, and /reset is ordinary text", async () => {
    const [first, second] = [nextTs(), nextTs()];
    await post(directMessage(fake, { ts: first, text: "one" }));
    await post(directMessage(fake, { ts: second, text: "/reset" }));
    await eventually(() =>
      expect([answersIn(first), answersIn(second)]).toEqual([["re: one"], ["re: /reset"]]),
    );
    expect(await sessions()).toHaveLength(2);
  });

  test("a first word selects another agent, which keeps the thread", async () => {
    const ts = nextTs();
    await post(mention(ts, "sales, what does it cost?"));
    await eventually(() => expect(answersIn(ts)).toHaveLength(1));
    await post(inChannel({ ts: nextTs(), thread_ts: ts, text: "too much" }));
    await eventually(() => expect(answersIn(ts)).toHaveLength(2));
    expect(bot.calls.map(({ note }) => note)).toEqual(["sales", "sales"]);
    expect(await sessions()).toHaveLength(1);
  });

  test("a message in a thread whose session ended opens the next session", async () => {
    const ts = nextTs();
    await post(mention(ts));
    await eventually(() => expect(answersIn(ts)).toHaveLength(1));
    const [{ id }] = await sessions();
    expect((await app.api("POST", `/chat/sessions/${id}/end`, {})).status).toBe(200);
    await post(inChannel({ ts: nextTs(), thread_ts: ts, text: "once more" }));
    await eventually(() => expect(answersIn(ts)).toEqual(["re: hello", "re: once more"]));
    expect(await sessions()).toHaveLength(2);
  });

  test("a slow answer is streamed into the thread and appears once at the end", async () => {
    const ts = nextTs();
    await post(mention(ts, "slowly"));
    const call = await bot.asked("slowly");
    call.write("Once upon ");
    const [story] = await eventually(() => {
      expect(answersIn(ts)).toEqual(["Once upon"]);
      return fake.posted;
    });
    call.write("a time.");
    call.reply("Once upon a time.");
    await eventually(() => expect(answersIn(ts)).toEqual(["Once upon a time."]));
    expect(story).toMatchObject({ streaming: false, edited: false });
    await eventually(async () => {
      const { body } = await app.api("GET", "/deliveries");
      expect(body.data).toMatchObject([{ status: "sent", attempts: 1 }]);
    });
  });

  test("tool cards appear above the answer, in the same message", async () => {
    const ts = nextTs();
    await post(mention(ts, "slowly"));
    const call = await bot.asked("slowly");
    const cards = () => [...(fake.posted[0]?.cards?.values() ?? [])];
    const end = call.use("find_order");
    await eventually(() => expect(cards()).toEqual([{ title: "find order", status: "in_progress" }]));
    end("failed: no such order");
    call.use("ask_stock")();
    await eventually(() =>
      expect(cards()).toEqual([
        { title: "find order", status: "error" },
        { title: "ask stock", status: "complete" },
      ]),
    );
    call.write("There is no such order.");
    call.reply("There is no such order.");
    await eventually(() => expect(answersIn(ts)).toEqual(["There is no such order."]));
    await eventually(() => expect(fake.posted).toMatchObject([{ streaming: false, edited: false }]));
  });

  test("Slack's Stop button ends the running answer, and the thread continues", async () => {
    fake.declareAgent();
    const ts = nextTs();
    const session = () => fake.sessions.get(`${GENERAL}:${ts}`);
    await post(mention(ts, "slowly"));
    const call = await bot.asked("slowly");
    await eventually(() => expect(session()?.statuses).toEqual(["processing"]));
    expect(session()?.title).toBe("slowly");
    call.write("Once upon ");
    await eventually(() => expect(answersIn(ts)).toEqual(["Once upon"]));
    // Slack stops the streams itself.
    fake.closeStreams();
    const stop = { type: "agent_session_stopped", channel: GENERAL, user: ADA, thread_ts: ts };
    expect(await post(callback(fake, { ...stop, streaming_message_ts: [], event_ts: nextTs() }))).toBe(200);
    await eventually(async () => {
      expect(call.signal.aborted).toBe(true);
      expect(answersIn(ts)).toEqual([]);
      expect(session()?.statuses.at(-1)).toBe("active");
      const { body } = await app.api("GET", "/executions");
      expect(body.data).toMatchObject([{ status: "cancelled" }]);
    });
    await post(inChannel({ ts: nextTs(), thread_ts: ts, text: "again" }));
    await eventually(() => expect(answersIn(ts)).toEqual(["re: again"]));
  });

  test("buttons appear below a streamed answer, and a press continues its thread", async () => {
    const ts = nextTs();
    await post(mention(ts, "slowly"));
    const call = await bot.asked("slowly");
    call.write("Shall I ");
    await eventually(() => expect(answersIn(ts)).toEqual(["Shall I"]));
    call.write("book it?");
    call.reply({
      replies: [{ content: "Shall I book it?", buttons: [{ label: "Yes", payload: "confirm:7" }] }],
    });
    const message = await eventually(() => {
      const [streamed] = fake.posted;
      expect(streamed).toMatchObject({ text: "Shall I book it?", streaming: false, edited: false });
      return streamed as PostedMessage;
    });
    const press = blockActions(fake, message, actionIds(message)[0] ?? "");
    const { body, headers, url } = formRequest(fake, { payload: JSON.stringify(press) });
    const given = headers as Record<string, string>;
    const pressed = await fetch(`${app.url}${url}`, {
      method: "POST",
      headers: given,
      body: body.toString(),
    });
    expect([pressed.status, await pressed.text()]).toEqual([200, ""]);
    await eventually(() => expect(answersIn(ts)).toEqual(["Shall I book it?", "re: Yes"]));
    expect((await bot.asked("Yes")).turn.input).toMatchObject([{ payload: "confirm:7" }]);
    expect(await sessions()).toHaveLength(1);
  });

  test("a triggered message reaches a person who never wrote, in their direct conversation", async () => {
    const { status } = await app.api("POST", "/trigger_bot_message", {
      agent_id: "agent",
      channel: "slack",
      identifier: BOB,
      message_text: "Your order is ready.",
    });
    expect(status).toBe(202);
    await eventually(() =>
      expect(fake.posted).toMatchObject([{ channel: BOB, threadTs: null, text: "Your order is ready." }]),
    );
  });

  test("an answer below a triggered message joins its session, even if another agent sent the message", async () => {
    const trigger = (text: string) =>
      app.api("POST", "/trigger_bot_message", {
        agent_id: "sales",
        channel: "slack",
        identifier: BOB,
        message_text: text,
      });
    await trigger("Your offer is ready.");
    const [sent] = await eventually(() => {
      expect(fake.posted).toHaveLength(1);
      return fake.posted;
    });
    const thread = sent?.ts ?? "";
    await eventually(async () =>
      expect(await sessions()).toMatchObject([{ external_id: `D${BOB.slice(1)}:${thread}` }]),
    );
    await post(
      callback(fake, {
        type: "message",
        channel: `D${BOB.slice(1)}`,
        channel_type: "im",
        user: BOB,
        text: "tell me more",
        ts: nextTs(),
        thread_ts: thread,
      }),
    );
    await eventually(() => expect(answersIn(thread)).toEqual(["re: tell me more"]));
    expect(bot.calls[0]?.turn.agent.slug).toBe("sales");
    expect(await sessions()).toHaveLength(1);
    // The next one continues in that thread.
    await trigger("One more thing.");
    await eventually(() => expect(answersIn(thread)).toEqual(["re: tell me more", "One more thing."]));
  });

  test("an answer outside the thread of a triggered message joins its session, once", async () => {
    const direct = `D${BOB.slice(1)}`;
    const say = (text: string, more: Record<string, unknown> = {}) => {
      const ts = nextTs();
      const event = { type: "message", channel: direct, channel_type: "im", user: BOB, text, ts, ...more };
      return post(callback(fake, event)).then(() => ts);
    };
    const trigger = (text: Record<string, unknown>) =>
      app.api("POST", "/trigger_bot_message", {
        agent_id: "sales",
        channel: "slack",
        identifier: BOB,
        ...text,
      });
    const old = await say("an old question");
    await eventually(() => expect(answersIn(old)).toEqual(["re: an old question"]));
    await trigger({ message_text: "How did you sleep?", start_new_session: true });
    await trigger({ message_text: "Be honest." });
    await eventually(async () => {
      expect(fake.posted.map(({ text }) => text)).toContain("Be honest.");
      const { body } = await app.api("GET", "/deliveries");
      expect(new Set(body.data.map(({ status }: { status: string }) => status))).toEqual(new Set(["sent"]));
    });

    const answer = await say("badly");
    await eventually(() => expect(answersIn(answer)).toEqual(["re: badly"]));
    const asked = await bot.asked("badly");
    expect(asked.turn.agent.slug).toBe("sales");
    expect(await promptOf(asked)).toEqual([
      "assistant: How did you sleep?",
      "assistant: Be honest.",
      "user: badly",
    ]);
    expect(await sessions()).toHaveLength(2);
    // An answer below the user's own message, or below the question, belongs there as well.
    await say("since Monday", { thread_ts: answer });
    await eventually(() => expect(answersIn(answer)).toEqual(["re: badly", "re: since Monday"]));
    const question = fake.posted.find(({ text }) => text === "How did you sleep?")?.ts ?? "";
    await say("and you?", { thread_ts: question });
    await eventually(() => expect(answersIn(question)).toContain("re: and you?"));
    expect(await sessions()).toHaveLength(2);
    // The question is answered, so the next message is a new conversation.
    const next = await say("something else");
    await eventually(() => expect(answersIn(next)).toEqual(["re: something else"]));
    expect(await promptOf(await bot.asked("something else"))).toEqual(["user: something else"]);
    expect(await sessions()).toHaveLength(3);
  });

  test("an ended session, or another person's session, takes no answers from outside its thread", async () => {
    const say = async (user: string, text: string) => {
      const ts = nextTs();
      const channel = `D${user.slice(1)}`;
      await post(callback(fake, { type: "message", channel, channel_type: "im", user, text, ts }));
      await eventually(() => expect(answersIn(ts)).toEqual([`re: ${text}`]));
    };
    await app.api("POST", "/trigger_bot_message", {
      agent_id: "agent",
      channel: "slack",
      identifier: BOB,
      message_text: "How did you sleep?",
    });
    const [{ id }] = await eventually(async () => {
      const found = await sessions();
      expect(found).toMatchObject([{ external_id: expect.stringContaining(`D${BOB.slice(1)}:`) }]);
      return found;
    });
    await say(ADA, "hello");
    expect(await promptOf(await bot.asked("hello"))).toEqual(["user: hello"]);
    await app.api("POST", `/chat/sessions/${id}/end`, {});
    await say(BOB, "late");
    expect(await promptOf(await bot.asked("late"))).toEqual(["user: late"]);
  });

  test("the bot gets a picture that comes with a mention, whichever event arrives first", async () => {
    const files = [{ id: "F0PNG", name: "shot.png", mimetype: "image/png", size: 70 }];
    for (const isMentionFirst of [true, false]) {
      const ts = nextTs();
      const text = `<@${fake.us.userId}> what is this?`;
      const events = [mention(ts, "what is this?"), inChannel({ subtype: "file_share", ts, text, files })];
      for (const event of isMentionFirst ? events : events.reverse()) await post(event);
      await eventually(() => {
        const calls = bot.calls.filter(({ turn }) => turn.input.some(({ text }) => text !== ""));
        expect(calls).toHaveLength(isMentionFirst ? 1 : 2);
        const names = bot.calls.flatMap(({ turn }) =>
          turn.input.flatMap(({ attachments }) => attachments.map(({ name }) => name)),
        );
        expect(names).toEqual(Array(isMentionFirst ? 1 : 2).fill("shot.png"));
      });
    }
  });

  test("the bot gets forwarded messages, and the thread before a first mention, as text", async () => {
    const root = "1790000001.000001";
    fake.threads.set(`${GENERAL}:${root}`, [
      { ts: root, user: BOB, text: "The deploy fails" },
      { ts: "1790000002.000001", user: ADA, text: "With error 42" },
    ]);
    const ts = nextTs();
    const text = `<@${fake.us.userId}> what should we try next?`;
    const attachments = [{ is_share: true, author_name: "Eve", text: "Restart it" }];
    // Events of mentions come without the forwarded messages.
    await post(inChannel({ type: "app_mention", ts, thread_ts: root, text }));
    await post(inChannel({ ts, thread_ts: root, text, attachments }));
    await eventually(() => {
      const told = bot.calls.flatMap(({ turn }) =>
        turn.input.flatMap(({ context }) => context?.references ?? []),
      );
      expect(told.map(({ kind, author, text }) => `${kind} ${author}: ${text}`)).toEqual([
        "thread Bob: The deploy fails",
        "thread Ada: With error 42",
        "forward Eve: Restart it",
      ]);
    });
    expect((await promptOf(bot.calls[0])).join()).toContain("Earlier in this thread:\nBob: The deploy fails");
  });

  test("a rate limit delays replies and loses none", async () => {
    fake.fail({ rateLimited: 1 });
    const ts = nextTs();
    await post(mention(ts));
    await eventually(() => expect(answersIn(ts)).toEqual(["re: hello"]));
  });

  test("an unsigned request gets 401 and has no effect", async () => {
    const body = JSON.stringify(mention(nextTs()));
    const headers = signedHeaders(body, "guess");
    const response = await fetch(`${app.url}/webhooks/slack`, { method: "POST", headers, body });
    expect(response.status).toBe(401);
    expect(bot.calls).toEqual([]);
  });
});
