import { afterAll, beforeAll, expect, test } from "vitest";
import { runCli } from "../../src/cli/run-cli.ts";
import { Causeway } from "../../src/client/index.ts";
import { BotError } from "../../src/core/faults/errors.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { type ReplyEndpoint, startReplyEndpoint } from "../support/reply-endpoint.ts";
import { createScriptedBot, type ScriptedBot } from "../support/scripted-bot.ts";
import { controlAt } from "../support/simulator.ts";

interface Told {
  status: number;
  body: {
    message_id: string;
    execution_id: string | null;
    summary: string;
    facts: { at: string; what: string; why: string | null; type: string; id: string }[];
  };
}

let app: TestApp;
let bot: ScriptedBot;
let endpoint: ReplyEndpoint;

beforeAll(async () => {
  endpoint = await startReplyEndpoint();
  const failures = new Map<string, number>();
  bot = createScriptedBot((call) => {
    const text = call.texts.join(" + ");
    const failed = failures.get(text) ?? 0;
    failures.set(text, failed + 1);
    if (text.startsWith("stubborn") && failed < 2)
      call.fail(new BotError("overloaded", "the model is overloaded"));
    else if (text === "hopeless")
      call.fail(new BotError("bad_key", "the key is refused", { retryable: false }));
    else if (text === "quiet") call.reply({ replies: [], silent: true });
    else if (text !== "wait") call.reply(`re: ${text}`);
  });
  const { url, secret } = endpoint;
  app = await startTestApp({
    bots: { scripted: bot.definition },
    agents: {
      plain: {
        bot: { type: "scripted" },
        turns: { attempts: 3, backoffMs: 10, apology: "Sorry." },
        events: [{ on: "user_message", do: [{ action: "log" }] }],
      },
      collecting: { bot: { type: "scripted" }, turns: { policy: "collect", windowMs: 600 } },
    },
    channels: {
      api: { kind: "api", agent: "plain", webhook: { url, secret } },
      telegram: { kind: "telegram", agent: "collecting", simulate: true },
    },
  });
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await endpoint.close();
});

async function open(): Promise<string> {
  const { body } = await app.api("POST", "/chat/sessions", { agent_id: "plain" });
  return body.id;
}

/** Sends a message. Returns the id of the user's message, whatever the answer is. */
async function say(session: string, content: string): Promise<string> {
  await app.api("POST", `/chat/sessions/${session}/messages`, { content });
  const { body } = await app.api("GET", `/chat/sessions/${session}/messages?limit=100`);
  return body.data.findLast((each: { content: string }) => each.content === content).id;
}

async function trailOf(id: string): Promise<Told["body"]> {
  const { status, body } = await app.api("GET", `/messages/${id}/trail`);
  expect(status).toBe(200);
  return body;
}

const story = ({ facts }: Told["body"]) =>
  facts.map(({ what, why }) => (why === null ? what : `${what} ${why}`)).join("\n");

test("the trail shows a message from arrival to delivery, under any id that concerns it", async () => {
  const session = await open();
  const id = await say(session, "hello");
  const told = await eventually(async () => {
    const now = await trailOf(id);
    expect(now.summary).toMatch(/^Answered after \d+ ms\. Delivered\.$/);
    expect(story(now)).toMatch(/Event rule 1, on user_message, fired and completed/);
    return now;
  });
  expect(told.message_id).toBe(id);
  expect(told.facts.map(({ type }) => type)).toEqual(
    expect.arrayContaining(["message", "execution", "delivery", "event"]),
  );
  const times = told.facts.map(({ at }) => at);
  expect(times).toEqual(times.toSorted());
  expect(story(told)).toMatch(
    /arrived on api \(api\) and was stored\. It has the key api:\S+\. A repeated event with this key is the same message\.[\s\S]*It became message 1 of session \S+ \(agent plain, version 1\)[\s\S]*The bot was called\.[\s\S]*A reply was stored \(9 characters\)\.[\s\S]*The turn ended with an answer\.[\s\S]*The reply was accepted by api\./,
  );
  const delivery = told.facts.find(({ type }) => type === "delivery")?.id ?? "";
  for (const other of [told.execution_id ?? "", delivery, session])
    expect((await trailOf(other)).facts.map(({ what }) => what)).toEqual(told.facts.map(({ what }) => what));
});

test("the trail shows the attempts of the bot and of the delivery, with their reasons", async () => {
  const session = await open();
  endpoint.fail({ answer: 503 });
  endpoint.fail({ cut: "after" });
  const id = await say(session, "stubborn");
  const told = await eventually(async () => {
    const now = await trailOf(id);
    expect(now.summary).toMatch(/^Answered after .* at attempt 3\. Delivered, perhaps twice\.$/);
    return now;
  });
  const lines = story(told);
  expect(lines).toMatch(
    /Attempt 1 failed and was repeated after 10 ms\. The model is overloaded\. \(overloaded\)/,
  );
  expect(lines).toMatch(/Attempt 2 failed and was repeated after 20 ms/);
  expect(lines).toMatch(
    /Attempt 1 of the reply did not arrive, next attempt after .*\. The webhook answered HTTP 503\. \(webhook_503\)/,
  );
  expect(lines).toMatch(/Attempt 2 of the reply may have arrived, next attempt after/);
  expect(lines).toMatch(
    /The reply was accepted by api at attempt 3\. It took .*, because of earlier attempts\./,
  );
  expect(lines).toMatch(/may have arrived twice/);
});

test("the trail shows given-up work, and what an operator did about it", async () => {
  const session = await open();
  const hopeless = await trailOf(await say(session, "hopeless"));
  expect(hopeless.summary).toMatch(/^Not answered: the key is refused\./);
  expect(story(hopeless)).toMatch(
    /Attempt 1 failed and the turn was given up\. The key is refused\. \(bad_key\)[\s\S]*A fixed text of the agent was sent \(6 characters\)\. The bot gave no answer\./,
  );
  expect((await trailOf(await say(session, "quiet"))).summary).toBe(
    "Not answered: the bot chose to stay silent.",
  );
  endpoint.fail({ answer: 410 });
  const id = await say(session, "lost");
  const failed = await eventually(async () => {
    const now = await trailOf(id);
    expect(now.summary).toMatch(/Not delivered: the webhook answered HTTP 410\.$/);
    return now;
  });
  const delivery = failed.facts.find(({ type }) => type === "delivery")?.id;
  await app.api("POST", `/deliveries/${delivery}/retry`, {});
  await eventually(async () => expect((await trailOf(id)).summary).toMatch(/Delivered\.$/));
  expect(story(await trailOf(id))).toMatch(
    /was given up at attempt 1\.[\s\S]*was queued again\. An operator asked for it\. \(retried_by_operator\)[\s\S]*accepted by api/,
  );
});

test("the trail shows waiting work, and what it waits for", async () => {
  const session = await open();
  const asked = app.api("POST", `/chat/sessions/${session}/messages`, { content: "wait" });
  const call = await bot.asked("wait");
  const second = app.api("POST", `/chat/sessions/${session}/messages`, { content: "and then?" });
  const id = await eventually(async () => {
    const { body } = await app.api("GET", `/chat/sessions/${session}/messages`);
    expect(body.data).toHaveLength(2);
    return body.data[1].id as string;
  });
  expect((await trailOf(id)).summary).toMatch(
    /^Not answered yet, after \d+ ms: the previous turn is still running/,
  );
  call.reply("there");
  await Promise.all([asked, second]);
  expect((await trailOf(id)).summary).toMatch(/^Answered after/);
});

test("messages with one shared answer have one trail; a triggered message has one too", async () => {
  const chat = "/telegram/chats/31";
  const write = async (text: string) => {
    expect((await controlAt(app.url)("POST", `${chat}/messages`, { text })).status).toBe(201);
  };
  for (const text of ["one", "two"]) await write(text);
  await eventually(async () => {
    const { body: seen } = await controlAt(app.url)("GET", chat);
    expect(seen.map(({ text }: { text: string }) => text)).toEqual(["one", "two", "re: one + two"]);
  });
  const { body: sessions } = await app.api("GET", "/chat/sessions?channel=telegram");
  const session = sessions.data[0].id;
  const { body: messages } = await app.api("GET", `/chat/sessions/${session}/messages`);
  const told = await eventually(async () => {
    const now = await trailOf(messages.data[0].id);
    expect(now.summary).toMatch(/^Answered after .*, 2 messages together\. Sent\.$/);
    return now;
  });
  expect(story(told)).toMatch(
    /The bot answered 1 message together with a later one\. The agent collects messages for 600 ms/,
  );
  expect(story(told)).toMatch(/It opened session .* There was no open session for it\./);
  expect(story(told)).toMatch(/became message 2 .* A user has one open session at a time on this channel\./);

  const { body: triggered } = await app.api("POST", "/trigger_bot_message", {
    agent_id: "collecting",
    channel: "telegram",
    identifier: "31",
    message_text: "Good morning",
  });
  const literal = await trailOf(triggered.delivery_ids[0]);
  expect(literal.summary).toMatch(/^An unprompted message\./);
  expect(story(literal)).toMatch(/A fixed text was sent \(12 characters\)\. It was triggered over the API/);

  await write("/reset");
  const next = await eventually(async () => {
    const { body } = await app.api("GET", "/chat/sessions?channel=telegram&status=active");
    expect(body.data[0].id).not.toBe(session);
    return body.data[0].id as string;
  });
  expect(next).not.toBe(session);
  expect((await trailOf(session)).summary).toBe("A reset. The bot does not answer it.");
});

test("an id that belongs to nothing is not found", async () => {
  const { status, body } = await app.api("GET", `/messages/${"0".repeat(27)}/trail`);
  expect(status).toBe(404);
  expect(body.error.code).toBe("message_not_found");
});

test("the client and the command line show the same trail", async () => {
  const id = await say(await open(), "hello");
  await eventually(async () => {
    const { summary, facts } = await trailOf(id);
    expect(summary).toMatch(/Delivered/);
    // The rule has finished, so the trail gets no more facts.
    expect(JSON.stringify(facts)).not.toMatch(/fired and waits/);
  });
  const client = new Causeway({ apiKey: app.apiKey, baseUrl: app.url });
  const told = await client.chat.trail(id);
  expect(told.messageId).toBe(id);
  const run = async (args: string[], env: Record<string, string> = {}) => {
    const lines: string[] = [];
    const code = await runCli(["why", ...args], {
      print: (line) => lines.push(line),
      start: async () => undefined,
      env: { CAUSEWAY_API_KEY: app.apiKey, PORT: new URL(app.url).port, ...env },
    });
    return { code, text: lines.join("\n") };
  };
  const printed = await run([id]);
  expect(printed.code).toBe(0);
  expect(printed.text.split("\n")[0]).toBe(told.summary);
  for (const { at, what } of told.facts) expect(printed.text).toContain(`${at}  ${what}`);
  expect(JSON.parse((await run([id, "--json"])).text)).toMatchObject({ message_id: id });
  expect(await run(["nothing-of-the-kind"])).toMatchObject({
    code: 1,
    text: expect.stringMatching(/has the id/),
  });
  expect(await run([id], { CAUSEWAY_API_KEY: "a-wrong-key-of-some-length-0123" })).toMatchObject({
    code: 1,
    text: expect.stringMatching(/refuses the key/),
  });
  expect(await run([id, "--url", "http://127.0.0.1:9"])).toMatchObject({
    code: 1,
    text: expect.stringMatching(/does not answer at http:\/\/127\.0\.0\.1:9/),
  });
  expect((await run([])).code).toBe(2);
});
