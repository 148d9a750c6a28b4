import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ADA, metaConfig, metaEvent, textMessage, timestampOf } from "../channels/whatsapp-meta-subject.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { createScriptedBot, type ScriptedBot } from "../support/scripted-bot.ts";
import { type ScriptedMeta, signedEvent, startScriptedMeta } from "../support/scripted-meta.ts";

const HOUR = 3_600_000;
const GREETING = { on: "session_started", do: [{ action: "send_message", text: "Welcome!" }] };

let fake: ScriptedMeta;
let app: TestApp;
let bot: ScriptedBot;

beforeEach(async () => {
  fake = await startScriptedMeta();
  bot = createScriptedBot((call) => {
    if (!call.texts.join().startsWith("wait")) call.reply(`re: ${call.texts.join(" + ")}`);
  });
  const template = { name: "still_there", language: "en_US" };
  const whatsapp = { kind: "whatsapp", ...metaConfig(fake) };
  app = await startTestApp({
    bots: { scripted: bot.definition },
    agents: {
      echo: { bot: { type: "echo" } },
      greeter: { bot: { type: "scripted" }, events: [GREETING] },
      marketer: { bot: { type: "echo" } },
      owned: {
        bot: { type: "scripted" },
        handoff: {
          ownPhone: true,
          idleMinutes: 30,
          texts: { requested: "Wait.", taken: "{name}.", back: "Back." },
        },
      },
    },
    channels: {
      plain: { ...whatsapp, agent: "echo" },
      own: { ...whatsapp, agent: "owned" },
      greeting: { ...whatsapp, agent: "greeter" },
      template: { ...whatsapp, agent: "echo", template },
      marketing: { ...whatsapp, agent: "marketer", template: { ...template, category: "marketing" } },
    },
    env: { CAUSEWAY_PUBLIC_URL: "https://causeway.example.org" },
  });
});
afterEach(async () => {
  await app[Symbol.asyncDispose]();
  await fake.close();
});

async function post(channel: string, event: unknown) {
  const { headers, body } = signedEvent(event, fake.appSecret);
  const { status } = await fetch(`${app.url}/webhooks/${channel}`, { method: "POST", headers, body });
  expect(status).toBe(200);
}

const hear = (channel: string, message: Record<string, unknown>, value?: Record<string, unknown>) =>
  post(channel, metaEvent(fake, [message], value));
const prefer = (channel: string, value: string) =>
  post(
    channel,
    metaEvent(fake, [], {
      user_preferences: [{ wa_id: "491700000001", category: "marketing_messages", value }],
    }),
  );

/** A message that a person of the business wrote with WhatsApp's own app. */
function writeAsPerson(channel: string, text: string, id: string, to = "491700000001") {
  const event = metaEvent(fake, []);
  const [change] = event.entry[0]?.changes ?? [];
  const echo = { from: "14155238886", to, id, timestamp: timestampOf(new Date()), ...textMessage(text) };
  const value = { ...change?.value, message_echoes: [echo] };
  return post(channel, { entry: [{ changes: [{ field: "smb_message_echoes", value }] }] });
}

/** The newest message of the prompt of the question with this text. */
async function newest(text: string) {
  const call = await bot.asked(text);
  return (await call.turn.prompt()).at(-1)?.content;
}

const said = () => fake.taken.map(({ body }) => body);
const list = async (path: string) => (await app.api("GET", path)).body.data;
const user = async () => (await list("/users"))[0];
const session = async () => (await list("/chat/sessions"))[0];
const messages = async () => list(`/chat/sessions/${(await session()).id}/messages`);
const trigger = (channel: string, agent_id: string, identifier = ADA) =>
  app.api("POST", "/trigger_bot_message", {
    agent_id,
    channel,
    identifier,
    message_text: "Are you still there?",
  });

describe("a message that a person of the business writes with WhatsApp's own app", () => {
  test("starts a handoff where the agent uses the owner's phone, until the person is silent", async () => {
    await hear("own", textMessage("Hello"));
    await eventually(() => expect(said()).toEqual(["re: Hello"]));
    await writeAsPerson("own", "I am here myself.", "wamid.own-1");
    await writeAsPerson("own", "I am here myself.", "wamid.own-1");
    await hear("own", textMessage("Great!"));
    expect((await session()).handoff).toMatchObject({
      state: "taken",
      reason: "the owner answers from their own phone",
      holder: { name: "14155238886", via: "phone" },
    });
    const [first] = await list("/handoffs");
    expect(first).toMatchObject({ source: "phone", desk: null });
    await writeAsPerson("own", "And another thing.", "wamid.own-2");
    const [second] = await list("/handoffs");
    expect(second.id).toBe(first.id);
    expect(new Date(second.idle_at).getTime()).toBeGreaterThan(new Date(first.idle_at).getTime());
    expect((await messages()).map(({ content }: { content: string }) => content)).toEqual([
      "Hello",
      "re: Hello",
      "I am here myself.",
      "Great!",
      "And another thing.",
    ]);
    expect(bot.calls).toHaveLength(1);
    await app.api("POST", `/chat/sessions/${(await session()).id}/handoff/take`, { force: true });
    await app.api("POST", `/chat/sessions/${(await session()).id}/handoff/release`, {});
    await hear("own", textMessage("Thank you"));
    const call = await bot.asked("Thank you");
    expect((await call.turn.history()).map(({ content }) => content).slice(2)).toEqual([
      "I am here myself.",
      "Great!",
      "And another thing.",
    ]);
  });

  test("stops the running turn, and takes a waiting handoff", async () => {
    await hear("own", textMessage("wait for it"));
    const call = await bot.asked("wait for it");
    await writeAsPerson("own", "I do it.", "wamid.own-3");
    await eventually(() => expect(call.signal.aborted).toBe(true));
    const { id } = await session();
    await app.api("POST", `/chat/sessions/${id}/handoff/take`, { force: true });
    await app.api("POST", `/chat/sessions/${id}/handoff/release`, {});
    await app.api("POST", `/chat/sessions/${id}/handoff`, { reason: "refund" });
    await writeAsPerson("own", "Me again.", "wamid.own-4");
    expect((await session()).handoff).toMatchObject({ reason: "refund", holder: { via: "phone" } });
    expect(said()).not.toContain("I do it.");
  });

  test("appears once in the history as that person's, gets no answer, and the next user message is answered", async () => {
    await hear("greeting", textMessage("Hello"));
    await eventually(() => expect(said().toSorted()).toEqual(["Welcome!", "re: Hello"]));
    await writeAsPerson("greeting", "Hi, this is Maria, I will take it from here.", "wamid.maria");
    await writeAsPerson("greeting", "Hi, this is Maria, I will take it from here.", "wamid.maria");
    const maria = {
      role: "assistant",
      origin: "operator",
      content: "Hi, this is Maria, I will take it from here.",
      author: { identifier: "14155238886", name: null, via: "whatsapp" },
      execution_id: null,
    };
    expect((await messages()).at(-1)).toMatchObject(maria);
    expect((await messages()).filter(({ origin }: { origin: string }) => origin === "operator")).toHaveLength(
      2,
    );
    expect(app.log.map(({ message }) => message)).toContain(
      "a person of the business wrote to a user; the bot does not answer",
    );
    await hear("greeting", textMessage("Thanks Maria! Can I come at 3?"));
    const call = await bot.asked("Thanks Maria! Can I come at 3?");
    expect((await call.turn.history()).at(-1)).toMatchObject({ role: "assistant", content: maria.content });
    await eventually(() => expect(said()).toHaveLength(3));
    expect(bot.calls).toHaveLength(2);
  });

  test("to a person who never wrote opens a session in which the bot does not greet", async () => {
    await writeAsPerson("greeting", "Hello from Maria", "wamid.first");
    await eventually(async () => expect(await messages()).toMatchObject([{ content: "Hello from Maria" }]));
    await hear("greeting", textMessage("Hello Maria"));
    await eventually(() => expect(said()).toEqual(["re: Hello Maria"]));
    await eventually(async () =>
      expect(await list(`/chat/sessions/${(await session()).id}/events`)).toMatchObject([
        { event: "session_started", status: "completed" },
      ]),
    );
    expect(said()).toEqual(["re: Hello Maria"]);
    expect(await list("/chat/sessions")).toHaveLength(1);
  });

  test("opens no window, and our own sends are not taken for a person's", async () => {
    await writeAsPerson("plain", "Hello from Maria", "wamid.first");
    await eventually(async () => expect((await user()).reachable).toMatchObject({ code: "window_closed" }));
    await hear("plain", textMessage("Hello"));
    await eventually(async () => expect(await list("/deliveries")).toMatchObject([{ status: "sent" }]));
    const before = await messages();
    await writeAsPerson("plain", "You said: Hello", fake.taken[0]?.id ?? "");
    expect(await messages()).toEqual(before);
  });
});

describe("a user who opens the chat for the first time", () => {
  test("is greeted once if the agent greets, without asking a bot", async () => {
    const welcome = { type: "request_welcome", id: "wamid.welcome" };
    await hear("greeting", welcome);
    await hear("greeting", welcome);
    await eventually(() => expect(said()).toEqual(["Welcome!"]));
    expect(bot.calls).toEqual([]);
    expect(await user()).toMatchObject({ identifier: ADA, name: "Ada", reachable: { ok: true, code: null } });
    await hear("greeting", textMessage("Hello"));
    await eventually(() => expect(said()).toEqual(["Welcome!", "re: Hello"]));
    expect(await list("/chat/sessions")).toHaveLength(1);
  });

  test("receives waiting messages, and no greeting if the agent does not greet", async () => {
    await trigger("plain", "echo");
    await eventually(async () =>
      expect(await list("/deliveries")).toMatchObject([{ status: "queued", error_code: "window_closed" }]),
    );
    await hear("plain", { type: "request_welcome" });
    await eventually(() => expect(said()).toEqual(["Are you still there?"]));
    expect(await messages()).toMatchObject([{ origin: "operator" }]);
  });
});

describe("a message that arrives long after it was written", () => {
  const late = (text: string) => ({
    ...textMessage(text),
    timestamp: timestampOf(new Date(Date.now() - 72 * HOUR)),
  });

  test("opens no window: the template is sent, and the API shows when the message was written", async () => {
    await hear("template", late("Hello"));
    await eventually(() => expect(fake.taken).toMatchObject([{ type: "template" }]));
    expect((await user()).reachable).toMatchObject({ ok: true, code: "template_only" });
    const [message] = await messages();
    expect(Date.now() - Date.parse(message.sent_at)).toBeGreaterThan(71 * HOUR);
    // A current message opens the window, and a late one after it does not close it.
    await hear("template", textMessage("I am here"));
    await hear("template", late("And earlier"));
    await eventually(() =>
      expect(fake.taken.map(({ type, body }) => body ?? type)).toEqual([
        "template",
        "You said: I am here",
        expect.stringContaining("And earlier"),
      ]),
    );
    expect((await user()).reachable).toMatchObject({ ok: true, code: null });
  });

  test("frees no waiting message, however often the delivery is checked", async () => {
    await hear("plain", late("Hello"));
    await eventually(async () =>
      expect(await list("/deliveries")).toMatchObject([{ status: "queued", error_code: "window_closed" }]),
    );
    await hear("plain", textMessage("I am here"));
    await eventually(() => expect(said()).toHaveLength(2));
    const [delivery] = await list("/deliveries");
    const { body } = await app.api("GET", `/messages/${delivery.message_id}/trail`);
    expect(JSON.stringify(body)).not.toContain("did not arrive");
  });
});

describe("a user who wants no marketing messages", () => {
  test("gets answers and utility templates, and is remembered until they want marketing again", async () => {
    await hear("template", textMessage("Hello"));
    await eventually(() => expect(said()).toEqual(["You said: Hello"]));
    await prefer("template", "stop");
    expect(await user()).toMatchObject({
      reachable: { ok: true, code: null },
      marketing_stopped_at: expect.any(String),
    });
    expect((await trigger("template", "echo")).status).toBe(202);
    await eventually(() => expect(said()).toEqual(["You said: Hello", "Are you still there?"]));
    await hear("template", textMessage("Still me"));
    await eventually(() => expect(said()).toHaveLength(3));
    expect((await user()).marketing_stopped_at).toEqual(expect.any(String));
    await prefer("template", "resume");
    expect((await user()).marketing_stopped_at).toBeNull();
  });

  test("gets no marketing template: the message waits until they write", async () => {
    await hear("marketing", {
      ...textMessage("Hello"),
      timestamp: timestampOf(new Date(Date.now() - 72 * HOUR)),
    });
    await eventually(() => expect(fake.taken).toMatchObject([{ type: "template" }]));
    await prefer("marketing", "stop");
    const triggered = await trigger("marketing", "marketer");
    expect([triggered.status, triggered.body.warnings]).toMatchObject([202, [{ code: "marketing_refused" }]]);
    await eventually(async () =>
      expect((await list("/deliveries"))[0]).toMatchObject({
        status: "queued",
        error_code: "marketing_refused",
      }),
    );
    await hear("marketing", textMessage("Here I am"));
    await eventually(() => expect(said().slice(1)).toEqual(["Are you still there?", "You said: Here I am"]));
  });
});

test("a user who writes only STOP is unreachable until they write again, and no bot is asked", async () => {
  await hear("greeting", textMessage("Hello"));
  await eventually(() => expect(said()).toContain("re: Hello"));
  await hear("greeting", textMessage("Stop"));
  expect((await user()).reachable).toMatchObject({ ok: false, code: "opted_out" });
  expect(await trigger("greeting", "greeter")).toMatchObject({ status: 409 });
  await hear("greeting", textMessage("I have a question"));
  await eventually(() => expect(said()).toContain("re: I have a question"));
  expect((await user()).reachable).toMatchObject({ ok: true });
  expect(bot.calls).toHaveLength(2);
});

test("a user whom the platform knows by another number is one user from the first send on", async () => {
  fake.knownAs.set("5511988887777", { wa_id: "551188887777", user_id: "BR.2" });
  fake.knownAs.set("4917099", { wa_id: "491709900" });
  for (const number of ["+5511988887777", "+4917099"]) {
    await hear("plain", { ...textMessage("Hello"), from: number.slice(1) }, { contacts: [] });
    await eventually(() => expect(fake.taken.at(-1)).toMatchObject({ to: number.slice(1) }));
  }
  await eventually(async () =>
    expect(await list("/deliveries")).toMatchObject([{ status: "sent" }, { status: "sent" }]),
  );
  const hidden = { from: undefined, from_user_id: "BR.2" };
  await hear("plain", { ...textMessage("without a number"), ...hidden }, { contacts: [{ user_id: "BR.2" }] });
  await hear("plain", { ...textMessage("from the other"), from: "491709900" }, { contacts: [] });
  await eventually(() => expect(fake.taken).toHaveLength(4));
  expect(await list("/users")).toHaveLength(2);
  expect(await list("/chat/sessions")).toHaveLength(2);
});

test("the bot gets the quoted message, whether the bot or the user wrote it", async () => {
  await hear("greeting", { ...textMessage("The red or the blue one?"), id: "wamid.first" });
  await eventually(() => expect(said()).toContain("re: The red or the blue one?"));
  const ours = fake.taken.find(({ body }) => body === "re: The red or the blue one?");
  await eventually(async () =>
    expect((await list("/deliveries")).map(({ status }: { status: string }) => status)).toEqual([
      "sent",
      "sent",
    ]),
  );
  await hear("greeting", {
    ...textMessage("How much is that one?"),
    context: { from: "14155238886", id: ours?.id },
  });
  expect(await newest("How much is that one?")).toBe(
    'Replying to you: "re: The red or the blue one?"\nHow much is that one?',
  );
  const all = await messages();
  expect(all.find(({ content }: { content: string }) => content === "How much is that one?")).toMatchObject({
    reply_to: { message_id: expect.any(String), text: "re: The red or the blue one?" },
  });
  await hear("greeting", { ...textMessage("I meant this"), context: { id: "wamid.first" } });
  expect(await newest("I meant this")).toContain('Replying to the user: "The red or the blue one?"');
});

test("the message and the session show the advertisement a user came from, and the bot gets it", async () => {
  const referral = { source_type: "ad", source_id: "120", headline: "Spring offer", ctwa_clid: "Aff-1" };
  await hear("greeting", { ...textMessage("Hi"), referral });
  expect(await newest("Hi")).toBe('Replying to an advertisement: "Spring offer"\nHi');
  expect(await session()).toMatchObject({ metadata: { referral } });
  const written = async (text: string) =>
    (await messages()).find(({ content }: { content: string }) => content === text);
  expect(await written("Hi")).toMatchObject({ metadata: { referral } });
  // The session keeps the first advertisement; the message has its own.
  await hear("greeting", { ...textMessage("Again"), referral: { ...referral, source_id: "121" } });
  await bot.asked("Again");
  expect(await session()).toMatchObject({ metadata: { referral } });
  expect(await written("Again")).toMatchObject({ metadata: { referral: { source_id: "121" } } });
});

describe("a message that Meta accepted but could not deliver", () => {
  const failed = (nth: number, code: number) =>
    fake.taken[nth] && {
      id: fake.taken[nth].id,
      status: "failed",
      recipient_id: "491700000001",
      biz_opaque_callback_data: fake.taken[nth].callbackData,
      errors: [{ code, title: "Refused" }],
    };
  async function taken(channel: string, status: string) {
    await hear(channel, textMessage("Hello"));
    await eventually(async () => expect(await list("/deliveries")).toMatchObject([{ status }]));
  }
  const fail = (channel: string, code: number, nth = 0) =>
    post(channel, metaEvent(fake, [], { statuses: [failed(nth, code)] }));

  test("because the window had closed waits until the user writes, and is sent before the answer", async () => {
    await taken("plain", "sent");
    await fail("plain", 131047);
    await fail("plain", 131047);
    expect(await list("/deliveries")).toMatchObject([
      { status: "queued", error_code: "window_closed", next_attempt_at: null },
    ]);
    await hear("plain", textMessage("I am here"));
    await eventually(() =>
      expect(said()).toEqual(["You said: Hello", "You said: Hello", "You said: I am here"]),
    );
  });

  test("because the window had closed is replaced by the template, if there is one", async () => {
    await taken("template", "sent");
    await fail("template", 131047);
    await eventually(() => expect(fake.taken.map(({ type }) => type)).toEqual(["text", "template"]));
    await eventually(async () =>
      expect(await list("/deliveries")).toMatchObject([{ status: "sent", error_code: "window_closed" }]),
    );
  });

  test.each([130429, 131056, 131000])("for a temporary reason (%d) is sent again", async (code) => {
    await taken("plain", "sent");
    await fail("plain", code);
    expect(await list("/deliveries")).toMatchObject([{ status: "queued", error_code: `meta_${code}` }]);
    await eventually(async () => expect(await list("/deliveries")).toMatchObject([{ status: "sent" }]));
    expect(said()).toEqual(["You said: Hello", "You said: Hello"]);
  });

  test("because of a sender limit pauses all conversations, and the channel says so until the limit ends", async () => {
    await taken("plain", "sent");
    await fail("plain", 130429);
    const other = { ...textMessage("Me too"), from: "491700000002" };
    const channel = async () =>
      (await list("/channels")).find(({ name }: { name: string }) => name === "plain");
    await eventually(async () => expect(await channel()).toMatchObject({ state: "error" }));
    await hear("plain", other, { contacts: [] });
    await eventually(() => expect(said()).toContain("You said: Me too"));
    const [first, again, third] = fake.taken;
    expect([first?.to, new Set([again?.to, third?.to])]).toEqual([
      "491700000001",
      new Set(["491700000001", "491700000002"]),
    ]);
    await eventually(async () => expect(await channel()).toMatchObject({ state: "ok" }));
  });

  test("for a permanent reason is not sent again", async () => {
    await taken("plain", "sent");
    await fail("plain", 131026);
    expect(await list("/deliveries")).toMatchObject([{ status: "failed", next_attempt_at: null }]);
  });
});
