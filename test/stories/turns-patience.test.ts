import { describe, expect, test } from "vitest";
import { BotError } from "../../src/core/faults/errors.ts";
import { refuse, startChatServer } from "../bots/chat-server.ts";
import { json, SECRET, startEndpoint } from "../bots/endpoint.ts";
import { startTestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { type BotCall, createScriptedBot } from "../support/scripted-bot.ts";
import { converse } from "./bots-conversation.ts";
import { startGatedStory } from "./gated-story.ts";

const APOLOGY = "I cannot answer right now.";
const RESET = "Conversation reset.";
const busy = (retryAfterMs: number) => new BotError("rate_limited", "busy", { retryAfterMs });
/** A bot with special reactions to some texts. It answers all others. */
const bot = (own: Record<string, (call: BotCall) => void>) =>
  createScriptedBot((call) => {
    const [text = ""] = call.texts;
    if (own[text]) own[text](call);
    else call.reply(`re: ${text}`);
  });

describe("a bot that asks for a retry later", () => {
  const far = new Date(Date.now() + 40 * 86_400_000).toUTCString();
  test.each([
    ["432 seconds", "432"],
    ["an hour", "3600"],
    ["40 days, as a date", far],
  ])("than a user waits fails at once with the reason: %s", async (_, retryAfter) => {
    await using server = await startChatServer({
      answer: () => (response) => {
        response.setHeader("retry-after", retryAfter);
        refuse(response, 429, "Slow down.");
      },
    });
    const llm = { type: "llm", baseUrl: server.baseUrl, model: "m" };
    await using app = await startTestApp({
      agents: { agent: { bot: llm, turns: { apology: APOLOGY } } },
      channels: { api: { kind: "api", agent: "agent" } },
    });
    await using talk = converse(app);
    const answered = await talk.say("help me");
    expect(answered).toMatchObject({ status: "failed", errorCode: "rate_limited" });
    expect(answered.error).toMatch(/Slow down.*asks to wait \d+ s.*turns\.patienceMs/);
    expect(answered.replies).toMatchObject([{ content: APOLOGY }]);
    expect(server.requests.length).toBe(1);
  });

  test("than a user waits fails at once too if it is an endpoint, in a header or its stream", async () => {
    await using endpoint = await startEndpoint((_, response) => {
      if (endpoint.requests.length === 1) {
        response.writeHead(503, { "retry-after": "900" }).end();
        return;
      }
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end('event: error\ndata: {"message":"later","code":"busy","retry_after_ms":3000000}\n\n');
    });
    await using app = await startTestApp({
      agents: { agent: { bot: { type: "webhook", url: endpoint.url, secret: SECRET } } },
      channels: { api: { kind: "api", agent: "agent" } },
    });
    await using talk = converse(app);
    expect(await talk.say("one")).toMatchObject({ status: "failed", errorCode: "endpoint_unavailable" });
    expect(await talk.say("two")).toMatchObject({ status: "failed", errorCode: "busy" });
    expect(endpoint.requests.length).toBe(2);
  });

  test("within the patience is asked again then, and its answer is the only reply", async () => {
    let refusals = 1;
    const later = bot({ hello: (call) => (refusals-- > 0 ? call.fail(busy(50)) : call.reply("hi")) });
    await using story = await startGatedStory({ bot: later });
    await story.say("ada", "hello");
    await story.channel.sending("hi");
    expect(story.texts("ada")).toEqual(["hi"]);
  });
});

describe("a turn that delays other work", () => {
  const cancelled = "the session ended before this message was answered";

  test("because it pauses between attempts is cancelled by a reset, with all earlier waiting messages", async () => {
    const pausing = bot({ "help me": (call) => call.fail(busy(60_000)) });
    await using story = await startGatedStory({ bot: pausing });
    await story.say("ada", "help me");
    await pausing.asked("help me");
    for (const text of ["hello??", "/reset", "hello again"]) await story.say("ada", text);
    await eventually(() => expect(story.texts("ada")).toEqual([RESET, "re: hello again"]));
    const executions = await story.rows(
      "SELECT status, error_code, error FROM executions ORDER BY created_at, seq",
    );
    expect(executions).toEqual([
      { status: "cancelled", error_code: "session_ended", error: cancelled },
      { status: "cancelled", error_code: "session_ended", error: cancelled },
      { status: "completed", error_code: null, error: null },
    ]);
    expect(pausing.calls.map(({ texts }) => texts)).toEqual([["help me"], ["hello again"]]);
  });

  test("because it starts to pause while a reset waits is cancelled too", async () => {
    const failing = bot({ "help me": () => undefined });
    await using story = await startGatedStory({ bot: failing });
    await story.say("ada", "help me");
    const call = await failing.asked("help me");
    await story.say("ada", "/reset");
    call.fail(busy(60_000));
    await eventually(() => expect(story.texts("ada")).toEqual([RESET]));
  });

  test("because its bot hangs is cancelled by a reset after a while", async () => {
    const hanging = bot({ "help me": () => undefined });
    await using story = await startGatedStory({ bot: hanging });
    await story.say("ada", "help me");
    const { signal } = await hanging.asked("help me");
    await story.say("ada", "/reset");
    await eventually(() => expect(story.texts("ada")).toEqual([RESET]), { timeoutMs: 30_000 });
    expect(signal.aborted).toBe(true);
  });

  test("stops at once when somebody cancels it, and the messages behind it are answered", async () => {
    const pausing = bot({ "help me": (call) => call.fail(busy(60_000)) });
    await using story = await startGatedStory({ bot: pausing });
    await story.say("ada", "help me");
    await pausing.asked("help me");
    await story.say("ada", "hello??");
    const id = await eventually(async () => {
      const [row] = await story.rows<{ id: string }>("SELECT id FROM executions WHERE status = 'running'");
      if (!row) throw new Error("nothing runs");
      return row.id;
    });
    expect((await story.app.api("POST", `/executions/${id}/cancel`)).status).toBe(200);
    await eventually(() => expect(story.texts("ada")).toEqual(["re: hello??"]));
  });

  test("because no answer begins ends with the apology, within the patience of all attempts", async () => {
    const hanging = bot({ hello: () => undefined });
    const turns = { timeoutMs: 150, patienceMs: 300, attempts: 20, backoffMs: 1, apology: APOLOGY };
    await using story = await startGatedStory({ bot: hanging, agent: { turns } });
    await story.say("ada", "hello");
    await eventually(() => expect(story.texts("ada")).toEqual([APOLOGY]));
    const [execution] = await story.rows<{ attempts: number }>("SELECT attempts, error_code FROM executions");
    expect(execution).toMatchObject({ error_code: "timeout" });
    expect(execution?.attempts).toBeLessThan(5);
  });
});

test("a server that accepts a request and never answers is asked again, and then given up", async () => {
  await using server = await startChatServer({ answer: () => () => undefined });
  const llm = { type: "llm", baseUrl: server.baseUrl, model: "m", firstByteTimeoutMs: 100 };
  await using app = await startTestApp({
    agents: { agent: { bot: llm, turns: { attempts: 2, backoffMs: 0, apology: APOLOGY } } },
    channels: { api: { kind: "api", agent: "agent" } },
  });
  await using talk = converse(app);
  const answered = await talk.say("hello");
  expect(answered).toMatchObject({ status: "failed", errorCode: "timeout", replies: [{ content: APOLOGY }] });
  expect(answered.error).toContain("said nothing within 100 ms (bot.firstByteTimeoutMs)");
  expect(server.requests.length).toBe(2);
});

test("a reset that cancels an endpoint's turn sends the endpoint a cancel", async () => {
  await using endpoint = await startEndpoint(({ body }, response) => {
    if (body.type === "cancel") json(response, {});
    else if (body.messages[0].content !== "help me") json(response, { messages: [{ content: "Hi." }] });
  });
  await using app = await startTestApp({
    agents: { agent: { bot: { type: "webhook", url: endpoint.url, secret: SECRET } } },
    channels: { api: { kind: "api", agent: "agent" } },
  });
  const { body: session } = await app.api("POST", "/chat/sessions", { agent_id: "agent" });
  const path = `/chat/sessions/${session.id}/messages`;
  const asked = app.api("POST", path, { content: "help me" });
  await eventually(() => expect(endpoint.requests.length).toBe(1));
  const reset = await app.api("POST", path, { content: "/reset" });
  expect(reset.body).toMatchObject({ content: RESET, origin: "notice" });
  expect((await asked).body.error).toMatchObject({
    code: "execution_cancelled",
    details: { code: "session_ended" },
  });
  await eventually(() =>
    expect(endpoint.requests.at(-1)?.body).toMatchObject({ type: "cancel", reason: "cancelled" }),
  );
});
