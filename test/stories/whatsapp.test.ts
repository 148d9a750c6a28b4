import pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ADA, messageWith, PUBLIC_URL } from "../channels/whatsapp-subject.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { createScriptedBot, type ScriptedBot } from "../support/scripted-bot.ts";
import { type ScriptedTwilio, signedForm, startScriptedTwilio } from "../support/scripted-twilio.ts";

const BOB = "whatsapp:+491700000002";
const LONG = "The quick brown fox jumps over the lazy dog. ".repeat(100).trim();

let fake: ScriptedTwilio;
let app: TestApp;
let bot: ScriptedBot;

beforeEach(async () => {
  fake = await startScriptedTwilio();
  bot = createScriptedBot((call) =>
    call.reply(call.texts.includes("tell me more") ? LONG : `re: ${call.texts.join(" + ")}`),
  );
  const { accountSid, authToken, from, contentSid } = fake;
  const whatsapp = {
    kind: "whatsapp",
    agent: "agent",
    provider: "twilio",
    accountSid,
    authToken,
    from,
    apiBaseUrl: fake.url,
  };
  app = await startTestApp({
    bots: { scripted: bot.definition },
    agents: { agent: { bot: { type: "scripted" }, reset: { reply: "Conversation reset." } } },
    channels: {
      whatsapp: { ...whatsapp, template: { contentSid, variables: { 1: "your coach" } } },
      plain: whatsapp,
    },
    env: { CAUSEWAY_PUBLIC_URL: PUBLIC_URL },
  });
});
afterEach(async () => {
  await app[Symbol.asyncDispose]();
  await fake.close();
});

/** Posts a form as Twilio does, to the service behind the public URL. */
async function post(path: string, params: Record<string, string>, token = fake.authToken) {
  const { headers, body } = signedForm(PUBLIC_URL + path, params, token);
  const response = await fetch(app.url + path, { method: "POST", headers, body });
  return { status: response.status, text: await response.text() };
}

const say = (Body: string, fields: Record<string, string> = {}) =>
  post("/webhooks/whatsapp", messageWith(fake, { Body, ...fields }));

/** Reports the status of a message, to the callback URL sent with it. */
async function report(MessageSid: string, MessageStatus: string, more: Record<string, string> = {}) {
  const callback = fake.taken.find(({ sid }) => sid === MessageSid)?.statusCallback ?? "";
  expect(callback.startsWith(PUBLIC_URL)).toBe(true);
  const answer = await post(callback.slice(PUBLIC_URL.length), { MessageSid, MessageStatus, ...more });
  expect(answer.status).toBe(200);
}

const said = (to = ADA) => fake.taken.filter((message) => message.to === to).map(({ body }) => body);
const deliveries = async () => (await app.api("GET", "/deliveries")).body.data;
const sessions = async () => (await app.api("GET", "/chat/sessions")).body.data;

async function run(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: app.database.url });
  await client.connect();
  await client.query(sql);
  await client.end();
}

/** Moves all messages more than a day into the past. */
const passADay = () => run("UPDATE messages SET created_at = created_at - interval '25 hours'");

const trigger = (channel: string, identifier: string) =>
  app.api("POST", "/trigger_bot_message", {
    agent_id: "agent",
    channel,
    identifier,
    message_text: "Are you still there?",
  });

describe("on WhatsApp", () => {
  test("a message that arrives several times is answered once, and its receipts only move forward", async () => {
    const params = messageWith(fake, { Body: "hello" });
    const answers = await Promise.all([1, 2, 3].map(() => post("/webhooks/whatsapp", params)));
    for (const { status, text } of answers)
      expect([status, text]).toEqual([200, expect.stringMatching(/<Response\/>$/)]);
    await eventually(() => expect(said()).toEqual(["re: hello"]));
    expect(bot.calls.map(({ turn }) => turn.user?.name)).toEqual(["Ada"]);
    await eventually(async () => expect(await deliveries()).toMatchObject([{ status: "sent" }]));

    const sid = fake.taken[0]?.sid ?? "";
    for (const [status, state] of [
      ["delivered", "delivered"],
      ["read", "read"],
      ["delivered", "read"],
      ["sent", "read"],
    ] as const) {
      await report(sid, status);
      expect(await deliveries()).toMatchObject([{ status: state }]);
    }
  });

  test("a failure that Twilio reports later is shown with its reason", async () => {
    await say("hello");
    await eventually(async () => expect(await deliveries()).toMatchObject([{ status: "sent" }]));
    await report(fake.taken[0]?.sid ?? "", "undelivered", { ErrorCode: "63024" });
    expect(await deliveries()).toMatchObject([{ status: "failed", error_code: "twilio_63024" }]);
  });

  test("a long answer arrives in ordered parts, through a rate limit", async () => {
    fake.fail({ status: 429, code: 20429, retryAfter: 1 });
    await say("tell me more");
    await eventually(() => expect(said()).toHaveLength(3), { timeoutMs: 30_000 });
    expect(said().join(" ")).toBe(LONG);
  });

  test("two users have a session each, and /reset opens another one", async () => {
    await say("one");
    await say("two", { From: BOB, ProfileName: "Bob" });
    await eventually(() => expect([said(), said(BOB)]).toEqual([["re: one"], ["re: two"]]));
    await say("/reset");
    await eventually(() => expect(said()).toEqual(["re: one", "Conversation reset."]));
    await say("three");
    await eventually(() => expect(said()).toEqual(["re: one", "Conversation reset.", "re: three"]));
    expect(await sessions()).toHaveLength(3);
  });

  test("a user who last wrote a day ago gets the template, and a recent one gets the text", async () => {
    await say("hello");
    await eventually(() => expect(said()).toEqual(["re: hello"]));
    expect((await trigger("whatsapp", ADA)).status).toBe(202);
    await eventually(() => expect(said()).toEqual(["re: hello", "Are you still there?"]));
    await passADay();
    expect((await trigger("whatsapp", ADA)).status).toBe(202);
    await eventually(() => expect(fake.taken).toHaveLength(3));
    expect(fake.taken.at(-1)).toMatchObject({ body: null, contentSid: fake.contentSid });
    // A message from the user opens the window again, in any session.
    await say("/reset");
    await eventually(() => expect(said().at(-1)).toBe("Conversation reset."));
  });

  test("without a template, a message waits until the user writes, and is sent before the answer", async () => {
    const long = `${LONG} one two`;
    const trigger = (message_text: string) =>
      app.api("POST", "/trigger_bot_message", {
        agent_id: "agent",
        channel: "plain",
        identifier: BOB,
        message_text,
      });
    const triggered = await trigger(long);
    const warning = { code: "window_closed", message: expect.stringContaining("when they write again") };
    expect([triggered.status, triggered.body.warnings]).toEqual([202, [warning]]);
    const parked = { status: "queued", next_attempt_at: null, error_code: "window_closed", attempts: 0 };
    await eventually(async () => {
      const found = await deliveries();
      expect(found).toHaveLength(3);
      for (const delivery of found)
        expect(delivery).toMatchObject({ ...parked, error: expect.stringContaining("24 hours") });
    });
    expect(fake.taken).toEqual([]);
    const [{ message_id: messageId }] = await deliveries();
    const trail = await app.api("GET", `/messages/${messageId}/trail`);
    expect(JSON.stringify(trail.body)).toContain("it goes out when they write again");
    // A message through the API does not count as a message of the user on WhatsApp.
    const [session] = await sessions();
    await app.api("POST", `/chat/sessions/${session.id}/messages`, { content: "from the API" });
    await eventually(async () => {
      const found = await deliveries();
      expect(found).toHaveLength(4);
      for (const delivery of found) expect(delivery).toMatchObject(parked);
    });
    expect(fake.taken).toEqual([]);

    await post("/webhooks/plain", messageWith(fake, { Body: "here I am", From: BOB }));
    await eventually(() => expect(said(BOB)).toHaveLength(5), { timeoutMs: 30_000 });
    expect(said(BOB).slice(0, 3).join(" ")).toBe(long);
    expect(said(BOB).slice(3)).toEqual(["re: from the API", "re: here I am"]);
    await eventually(async () =>
      expect(
        (await deliveries()).map(({ status, error }: { status: string; error: unknown }) => [status, error]),
      ).toEqual(Array.from({ length: 5 }, () => ["sent", null])),
    );
  });

  test("a send without an answer is looked up at Twilio and not repeated", async () => {
    fake.fail({ cut: "after" });
    await say("hello");
    await eventually(
      async () =>
        expect(await deliveries()).toMatchObject([
          { status: "sent", external_ids: [fake.taken[0]?.sid], possible_duplicate: false },
        ]),
      { timeoutMs: 30_000 },
    );
    expect(said()).toEqual(["re: hello"]);
  });

  test("a receipt that arrives before its send is recorded counts, and confirms a send without an answer", async () => {
    fake.fail({ cut: "after" });
    await say("hello");
    const sid = await eventually(() => fake.taken[0]?.sid ?? expect.fail("not taken yet"));
    await report(sid, "delivered");
    await eventually(async () =>
      expect(await deliveries()).toMatchObject([
        { status: "delivered", external_ids: [sid], possible_duplicate: false, next_attempt_at: null },
      ]),
    );
    // A report also works by the id alone. This one comes before the id is known.
    const early = { MessageSid: `SM${"e".repeat(32)}`, MessageStatus: "read" };
    expect((await post("/webhooks/whatsapp/status", early)).status).toBe(200);
    await run(`UPDATE deliveries SET status = 'sent', external_ids = '{${early.MessageSid}}'`);
    await eventually(async () => expect(await deliveries()).toMatchObject([{ status: "read" }]), {
      timeoutMs: 30_000,
    });
    expect(said()).toEqual(["re: hello"]);
  });

  test("a user who opts out is shown as unreachable until they write again", async () => {
    await say("hello");
    await eventually(() => expect(said()).toEqual(["re: hello"]));
    const reachable = async () => (await app.api("GET", "/users")).body.data[0].reachable;
    await say("STOP", { OptOutType: "STOP" });
    expect(await reachable()).toMatchObject({ ok: false, code: "opted_out" });
    await say("START", { OptOutType: "START" });
    expect(await reachable()).toMatchObject({ ok: true });
    expect(bot.calls).toHaveLength(1);
  });

  test("a request without Twilio's signature gets 401 and has no effect", async () => {
    expect((await post("/webhooks/whatsapp", messageWith(fake, { Body: "hello" }), "guess")).status).toBe(
      401,
    );
    const status = { MessageSid: "SM1", MessageStatus: "read" };
    expect((await post("/webhooks/whatsapp/status", status, "guess")).status).toBe(401);
    expect(bot.calls).toEqual([]);
  });
});
