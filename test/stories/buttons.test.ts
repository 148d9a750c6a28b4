import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { createGatedChannel } from "../support/gated-channel.ts";
import { createScriptedBot } from "../support/scripted-bot.ts";
import { newVisitor } from "../support/web-visitor.ts";
import { startGatedStory } from "./gated-story.ts";
import { type ServerSent, serverSent } from "./server-sent.ts";

const YES = { label: "Yes", payload: "confirm:7" };
const NO = { label: "No", payload: "No" };
const ASKED = {
  content: "Shall I book it?",
  buttons: [{ label: "Yes", payload: "confirm:7" }, { label: "No" }],
};

/** Offers the same choice for every message except `quiet`. */
const offering = () =>
  createScriptedBot((call) =>
    call.reply({ replies: call.texts.includes("quiet") ? [{ content: "…" }] : [ASKED] }),
  );

test("a platform without buttons shows a numbered list, and the user chooses by number or label", async () => {
  const bot = offering();
  const { definition, ...text } = createGatedChannel();
  const shown = createGatedChannel(undefined, { buttons: { max: 3, labelLimit: 20, urls: true } }, "shown");
  await using story = await startGatedStory({ bot, channel: { definition, ...text }, others: { shown } });
  const payloads = async (chat: string) =>
    (
      await story.rows<{ content: string; payload: string | null }>(
        `SELECT m.content, m.payload FROM messages m JOIN sessions s ON s.id = m.session_id
         WHERE s.address = $1 AND m.role = 'user' ORDER BY m.seq`,
        [chat],
      )
    ).map(({ content, payload }) => `${content} -> ${payload}`);
  const talk = async (chat: string, channel: string, texts: string[]) => {
    const platform = channel === "shown" ? shown : text;
    const seen = () => platform.sends.filter(({ part }) => part.address === chat);
    for (const [index, said] of texts.entries()) {
      await story.say(chat, said, { channel });
      await eventually(() => expect(seen()).toHaveLength(index + 1));
    }
    return seen().map(({ part }) => ({ text: part.text, buttons: part.buttons }));
  };

  const numbered = { text: "Shall I book it?\n\n1. Yes\n2. No", buttons: undefined };
  expect(await talk("ada", "gated", ["1", "1", "no", "maybe", "quiet", "1"])).toEqual([
    numbered,
    numbered,
    numbered,
    numbered,
    { text: "…", buttons: undefined },
    numbered,
  ]);
  // The first "1" comes before any offer. The last one answers a message that offers nothing.
  expect(await payloads("ada")).toEqual([
    "1 -> null",
    "1 -> confirm:7",
    "no -> No",
    "maybe -> null",
    "quiet -> null",
    "1 -> null",
  ]);
  expect((await bot.asked("no")).turn.input).toMatchObject([{ text: "no", payload: "No" }]);
  expect((await bot.asked("maybe")).turn.input[0]).not.toHaveProperty("payload");

  // On a channel that shows buttons, nobody sees numbers.
  expect(await talk("bob", "shown", ["hello", "2", "YES"])).toEqual(
    Array(3).fill({ text: "Shall I book it?", buttons: [YES, NO] }),
  );
  expect(await payloads("bob")).toEqual(["hello -> null", "2 -> null", "YES -> confirm:7"]);
});

test("a user can choose from an offer before an apology; a waiting message matches the offer its user saw", async () => {
  const bot = createScriptedBot((call) => {
    if (call.texts.includes("break")) call.fail(new Error("broken"));
    else if (!call.texts.includes("wait")) call.reply({ replies: [ASKED] });
  });
  await using story = await startGatedStory({ bot, agent: { turns: { attempts: 1, apology: "Sorry." } } });
  await story.say("ada", "hello");
  await eventually(() => expect(story.texts("ada")).toHaveLength(1));
  await story.say("ada", "break");
  await eventually(() => expect(story.texts("ada").at(-1)).toBe("Sorry."));
  await story.say("ada", "wait");
  const waiting = await bot.asked("wait");
  await story.say("ada", "2");
  waiting.reply({ replies: [{ content: "Or this?", buttons: [{ label: "A" }, { label: "B" }] }] });
  expect((await bot.asked("2")).turn.input).toMatchObject([{ payload: "No" }]);
  const history = await (await bot.asked("2")).turn.history();
  expect(history.map(({ content }) => content)).toEqual([
    "hello",
    "Shall I book it?\n\n1. Yes\n2. No",
    "break",
    "wait",
    "Or this?\n\n1. A\n2. B",
  ]);
});

test("the API sends buttons as JSON, and accepts only a press on an offered button", async () => {
  const bot = offering();
  await using story = await startGatedStory({
    bot,
    channels: {
      api: { kind: "api", agent: "agent" },
      web: { kind: "web", agent: "agent" },
      gated: { kind: "gated", agent: "agent" },
    },
  });
  const { api } = story.app;
  const { body: session } = await api("POST", "/chat/sessions", { agent_id: "agent" });
  const path = `/chat/sessions/${session.id}/messages`;
  const early = await api("POST", path, { content: "Yes", payload: "confirm:7" });
  expect([early.status, early.body.error.code]).toEqual([422, "button_not_offered"]);
  const answer = await api("POST", path, { content: "hello" });
  expect(answer.body).toMatchObject({ content: "Shall I book it?", buttons: [YES, NO], payload: null });

  for (const forged of [
    { content: "Yes", payload: "confirm:8" },
    { content: "No", payload: "confirm:7" },
  ])
    expect((await api("POST", path, forged)).body.error.code).toBe("button_not_offered");
  const stream = await fetch(`${story.app.url}/api/v1${path}/stream`, {
    method: "POST",
    headers: { authorization: `Bearer ${story.app.apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ content: "Yes", payload: "confirm:7" }),
  });
  const events: ServerSent[] = [];
  for await (const event of serverSent(stream)) events.push(event);
  expect(events.at(-1)).toMatchObject({
    event: "done",
    data: { output: { content: "Shall I book it?", buttons: [YES, NO] } },
  });
  expect((await bot.asked("Yes")).turn.input).toMatchObject([{ text: "Yes", payload: "confirm:7" }]);
  const quiet = await api("POST", path, { content: "quiet" });
  expect(quiet.body.buttons).toEqual([]);
  const { body: listed } = await api("GET", path);
  expect(listed.data.map((message: { payload: string | null }) => message.payload)).toEqual([
    null,
    null,
    "confirm:7",
    null,
    null,
    null,
  ]);

  // A visitor may send any text, but only payloads that were offered in the visitor's own session.
  const visitor = await newVisitor(story.app.url);
  const own = await visitor.openSession();
  const press = (id: string, body: object) =>
    visitor.call("POST", `/sessions/${own}/messages`, { ...body, client_message_id: id });
  expect((await press("1", { content: "Yes", payload: "confirm:7" })).body.error.code).toBe(
    "button_not_offered",
  );
  await press("2", { content: "hello" });
  const messages = async () => (await visitor.call("GET", `/sessions/${own}/messages`)).body.data;
  await eventually(async () =>
    expect(await messages()).toMatchObject([{ buttons: [] }, { buttons: [YES, NO] }]),
  );
  expect((await press("3", { content: "Yes", payload: "confirm:7" })).body).toMatchObject({
    content: "Yes",
    payload: "confirm:7",
  });
  expect((await press("3", { content: "Yes", payload: "confirm:7" })).status).toBe(202);
  await eventually(async () => expect(await messages()).toHaveLength(4));

  // An operator offers instead of the bot, in a conversation that shows no buttons.
  await api("POST", "/trigger_bot_message", {
    agent_id: "agent",
    channel: "gated",
    identifier: "ada",
    message_text: "Coming on Friday?",
    buttons: [{ label: "Of course" }, { label: "Details", url: "https://example.org/friday" }],
  });
  await eventually(() =>
    expect(story.texts("ada")).toEqual([
      "Coming on Friday?\n\n1. Of course\nDetails: https://example.org/friday",
    ]),
  );
  await story.say("ada", "1");
  expect((await bot.asked("1")).turn.input).toMatchObject([{ payload: "Of course" }]);
  const refused = await api("POST", "/trigger_bot_message", {
    agent_id: "agent",
    channel: "gated",
    identifier: "ada",
    prompt_text: "Ask again.",
    buttons: [{ label: "Of course" }],
  });
  expect(refused.status).toBe(422);
});
