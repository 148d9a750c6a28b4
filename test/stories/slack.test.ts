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
import { createScriptedBot, type ScriptedBot } from "../support/scripted-bot.ts";

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

/** Posts an event as Slack does; the status of the answer. */
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
const sessions = async () => (await app.api("GET", "/chat/sessions")).body.data;

describe("on Slack", () => {
  test("a mention that arrives as two events, and each of them again, is answered once, in its thread", async () => {
    const ts = nextTs();
    const twice = [mention(ts), inChannel({ ts, text: `<@${fake.us.userId}> hello` })];
    const statuses = await Promise.all([...twice, ...twice].map((body) => post(body)));
    expect(statuses).toEqual([200, 200, 200, 200]);
    await eventually(() => expect(answersIn(ts)).toEqual(["re: hello"]));
    expect(await sessions()).toMatchObject([{ external_id: `${GENERAL}:${ts}`, channel: "slack" }]);
    expect(bot.calls).toHaveLength(1);
  });

  test("a thread goes on without mentions, others in it are named, and other threads stay alone", async () => {
    const ts = nextTs();
    await post(mention(ts));
    await eventually(() => expect(answersIn(ts)).toEqual(["re: hello"]));
    await post(inChannel({ ts: nextTs(), thread_ts: ts, text: "and now?" }));
    await eventually(() => expect(answersIn(ts)).toHaveLength(2));
    await post(inChannel({ ts: nextTs(), thread_ts: ts, user: BOB, text: "me too" }));
    await post(inChannel({ ts: nextTs(), thread_ts: nextTs(), text: "not for you" }));
    await eventually(() => expect(answersIn(ts)).toEqual(["re: hello", "re: and now?", "re: Bob: me too"]));
    expect(await sessions()).toHaveLength(1);
    expect(bot.calls.map(({ turn }) => turn.user?.name)).toEqual(["Ada", "Ada", "Ada"]);
  });

  test("two people who write into a thread at the same moment are both answered, in one session", async () => {
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

  test("every direct message outside a thread is a conversation of its own, and /reset is ordinary text", async () => {
    const [first, second] = [nextTs(), nextTs()];
    await post(directMessage(fake, { ts: first, text: "one" }));
    await post(directMessage(fake, { ts: second, text: "/reset" }));
    await eventually(() =>
      expect([answersIn(first), answersIn(second)]).toEqual([["re: one"], ["re: /reset"]]),
    );
    expect(await sessions()).toHaveLength(2);
  });

  test("a first word chooses another agent, which keeps the thread", async () => {
    const ts = nextTs();
    await post(mention(ts, "sales, what does it cost?"));
    await eventually(() => expect(answersIn(ts)).toHaveLength(1));
    await post(inChannel({ ts: nextTs(), thread_ts: ts, text: "too much" }));
    await eventually(() => expect(answersIn(ts)).toHaveLength(2));
    expect(bot.calls.map(({ note }) => note)).toEqual(["sales", "sales"]);
    expect(await sessions()).toHaveLength(1);
  });

  test("a thread whose session was ended is still ours: a message opens the next session", async () => {
    const ts = nextTs();
    await post(mention(ts));
    await eventually(() => expect(answersIn(ts)).toHaveLength(1));
    const [{ id }] = await sessions();
    expect((await app.api("POST", `/chat/sessions/${id}/end`, {})).status).toBe(200);
    await post(inChannel({ ts: nextTs(), thread_ts: ts, text: "once more" }));
    await eventually(() => expect(answersIn(ts)).toEqual(["re: hello", "re: once more"]));
    expect(await sessions()).toHaveLength(2);
  });

  test("an answer that takes its time is streamed into the thread, and is there once in the end", async () => {
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

  test("buttons stand below a streamed answer, and a press goes on in its thread", async () => {
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

  test("a triggered message reaches somebody who never wrote, in their direct conversation", async () => {
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

  test("an answer below a triggered message belongs to its session, also where another agent sent it", async () => {
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
    // The next one goes on in that thread.
    await trigger("One more thing.");
    await eventually(() => expect(answersIn(thread)).toEqual(["re: tell me more", "One more thing."]));
  });

  test("a rate limit delays a reply and loses none", async () => {
    fake.fail({ rateLimited: 1 });
    const ts = nextTs();
    await post(mention(ts));
    await eventually(() => expect(answersIn(ts)).toEqual(["re: hello"]));
  });

  test("an unsigned request gets 401, and nothing comes of it", async () => {
    const body = JSON.stringify(mention(nextTs()));
    const headers = signedHeaders(body, "guess");
    const response = await fetch(`${app.url}/webhooks/slack`, { method: "POST", headers, body });
    expect(response.status).toBe(401);
    expect(bot.calls).toEqual([]);
  });
});
