import { afterAll, beforeAll, expect, it } from "vitest";
import type { LaterMessage } from "../../src/core/message/unprompted-message.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { createScriptedBot } from "../support/scripted-bot.ts";
import { newVisitor, type WebVisitor } from "../support/web-visitor.ts";

const SECRET = { diagnosis: "secret" };
const TOMORROW = 24 * 3_600_000;
let app: TestApp;

/** Answers each message with the data of the visitor that the bot was shown, and records notes. */
const bot = createScriptedBot(async (call) => {
  const [text = ""] = call.texts;
  if (text === "hold") return;
  const shown = JSON.stringify({
    data: await call.turn.participantData(),
    coming: (await call.turn.coming()).map(({ instruction }) => instruction),
    prompt: (await call.turn.prompt()).filter(({ role }) => role === "system").map(({ content }) => content),
  });
  const later: LaterMessage[] =
    text === "remind me"
      ? [{ at: new Date(Date.now() + TOMORROW), message: { prompt: "Ask for the diagnosis." } }]
      : [];
  call.reply({
    replies: [{ content: shown }],
    ...(text === "note" ? { participantData: SECRET } : {}),
    later,
  });
});

beforeAll(async () => {
  app = await startTestApp({
    agents: {
      coach: {
        bot: { type: "scripted" },
        participantData: "prompt",
        events: [
          { on: "user_message", when: { participantData: SECRET }, do: [{ action: "log" }] },
          { on: "session_started", do: [{ action: "set_participant_data", data: { began: true } }] },
        ],
      },
    },
    bots: { scripted: bot.definition },
    channels: { web: { kind: "web", agent: "coach" } },
  });
});

afterAll(() => app?.[Symbol.asyncDispose]());

/** Writes in a session. Returns the data that the bot was shown. */
async function ask(visitor: WebVisitor, session: string, text: string) {
  const { body } = await visitor.send(session, text);
  return eventually(async () => {
    const { data } = (await visitor.call("GET", `/sessions/${body.session_id}/messages`)).body;
    const answer = data.find(
      (message: { role: string; execution_id: string }) =>
        message.role === "assistant" && message.execution_id === body.execution_id,
    );
    if (!answer) throw new Error("not answered yet");
    return JSON.parse(answer.content) as { data: object; coming: string[]; prompt: string[] };
  });
}

const sessionOf = async (id: string) => (await app.api("GET", `/chat/sessions/${id}`)).body;

it("keeps a note from the bot's other sessions with the same anonymous visitor", async () => {
  const visitor = await newVisitor(app.url);
  const [first, second] = [await visitor.openSession(), await visitor.openSession()];
  await ask(visitor, first, "note");
  expect(await ask(visitor, first, "what do you know")).toMatchObject({ data: SECRET });
  const shown = await ask(visitor, second, "what do you know");
  expect(JSON.stringify(shown)).not.toContain("secret");
  expect((await sessionOf(first)).participant_data).toMatchObject(SECRET);
  expect((await sessionOf(second)).participant_data).not.toMatchObject(SECRET);

  await visitor.call("POST", `/sessions/${first}/end`, {});
  expect((await sessionOf(first)).participant_data).toEqual({});
  expect(JSON.stringify(await ask(visitor, second, "and now"))).not.toContain("secret");
  // A message to the ended session opens the next one, which does not know the data either.
  expect(JSON.stringify(await ask(visitor, first, "back again"))).not.toContain("secret");
});

it("evaluates an event rule with the data of its own session, and its actions write there", async () => {
  const visitor = await newVisitor(app.url);
  const [first, second] = [await visitor.openSession(), await visitor.openSession()];
  await ask(visitor, first, "note");
  await ask(visitor, first, "hello");
  await ask(visitor, second, "hello");
  const fired = async (id: string) =>
    (await app.api("GET", `/chat/sessions/${id}/events`)).body.data.filter(
      ({ event }: { event: string }) => event === "user_message",
    );
  expect(await fired(first)).toHaveLength(1);
  expect(await fired(second)).toEqual([]);
  for (const [id, known] of [
    [first, { ...SECRET, began: true }],
    [second, { began: true }],
  ] as const) {
    await eventually(async () => expect((await sessionOf(id)).participant_data).toEqual(known));
  }
});

it("keeps a bot's schedule in its own chat, and cancels it when that chat ends", async () => {
  const visitor = await newVisitor(app.url);
  const [first, second] = [await visitor.openSession(), await visitor.openSession()];
  await ask(visitor, first, "remind me");
  expect((await ask(visitor, first, "what comes")).coming).toEqual(["Ask for the diagnosis."]);
  expect((await ask(visitor, second, "what comes")).coming).toEqual([]);
  const { user_id: userId } = await sessionOf(first);
  const { rows } = await app.app.engine.database.pool.query("SELECT id FROM schedules WHERE user_id = $1", [
    userId,
  ]);
  await visitor.call("POST", `/sessions/${first}/end`, {});
  expect((await app.api("GET", `/schedules/${rows[0].id}`)).body).toMatchObject({ status: "cancelled" });
});

it("sends a scheduled message into its own chat, even after the visitor used another chat", async () => {
  const visitor = await newVisitor(app.url);
  const [first, second] = [await visitor.openSession(), await visitor.openSession()];
  await ask(visitor, first, "remind me");
  await ask(visitor, second, "hello");
  const { user_id: userId } = await sessionOf(first);
  await app.app.engine.database.pool.query("UPDATE schedules SET next_run_at = now() WHERE user_id = $1", [
    userId,
  ]);
  await bot.asked("Ask for the diagnosis.");
  const instructions = async (id: string) =>
    (await app.api("GET", `/chat/sessions/${id}/messages?include=instruction`)).body.data.filter(
      ({ origin }: { origin: string }) => origin === "instruction",
    );
  await eventually(async () => expect(await instructions(first)).toHaveLength(1));
  expect(await instructions(second)).toEqual([]);
});

it("lets operators read and write the data per session, and explains when no session can hold it", async () => {
  const visitor = await newVisitor(app.url);
  const [first, second] = [await visitor.openSession(), await visitor.openSession()];
  const { user_id: userId } = await sessionOf(first);
  const path = `/users/${userId}/data/coach`;
  await eventually(async () => {
    for (const id of [first, second]) expect((await sessionOf(id)).participant_data).toEqual({ began: true });
  });
  await app.api("PATCH", `${path}?session_id=${first}`, { mood: "good" });
  expect((await sessionOf(first)).participant_data).toEqual({ began: true, mood: "good" });
  expect((await sessionOf(second)).participant_data).toEqual({ began: true });
  expect((await app.api("GET", `${path}?session_id=${first}`)).body).toEqual({ began: true, mood: "good" });
  expect((await app.api("GET", path)).body).toEqual({ began: true });

  for (const id of [first, second]) await visitor.call("POST", `/sessions/${id}/end`, {});
  expect((await app.api("GET", path)).body).toEqual({});
  expect(await app.api("PUT", path, {})).toMatchObject({
    status: 409,
    body: { error: { code: "no_open_session" } },
  });
  expect(await app.api("GET", `${path}?session_id=${first}`)).toMatchObject({
    status: 404,
    body: { error: { code: "session_not_found" } },
  });
});

it("discards data that is written after the session has ended", async () => {
  const visitor = await newVisitor(app.url);
  const session = await visitor.openSession();
  const answering = visitor.send(session, "hold");
  const call = await bot.asked("hold");
  await answering;
  await visitor.call("POST", `/sessions/${session}/end`, {});
  call.reply({ replies: [{ content: "Too late." }], participantData: SECRET });
  await ask(visitor, await visitor.openSession(), "hello");
  expect((await sessionOf(session)).participant_data).toEqual({});
  const { user_id: userId } = await sessionOf(session);
  const kept = "SELECT 1 FROM participant_data WHERE user_id = $1 AND session_id = $2";
  expect((await app.app.engine.database.pool.query(kept, [userId, session])).rows).toEqual([]);
});

it("merges the data of a trigger into the session that receives the message", async () => {
  const visitor = await newVisitor(app.url);
  const first = await visitor.openSession();
  const { user_id: userId } = await sessionOf(first);
  const { identifier } = (await app.api("GET", `/users/${userId}`)).body;
  const trigger = (more: object) =>
    app.api("POST", "/trigger_bot_message", {
      agent_id: "coach",
      channel: "web",
      identifier,
      message_text: "Hello.",
      participant_data: { plan: "gold" },
      ...more,
    });
  expect((await trigger({})).body.session_id).toBe(first);
  expect((await sessionOf(first)).participant_data).toMatchObject({ plan: "gold" });
  const { session_id: next } = (
    await trigger({ start_new_session: true, participant_data: { plan: "silver" } })
  ).body;
  expect((await sessionOf(first)).participant_data).toEqual({});
  expect((await sessionOf(next)).participant_data).toMatchObject({ plan: "silver" });
});
