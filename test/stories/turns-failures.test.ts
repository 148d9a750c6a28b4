import { expect, test } from "vitest";
import { BotError } from "../../src/core/faults/errors.ts";
import { eventually } from "../support/eventually.ts";
import { createGatedChannel } from "../support/gated-channel.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { type BotCall, createScriptedBot } from "../support/scripted-bot.ts";
import { startGatedStory } from "./gated-story.ts";

const APOLOGY = "I cannot answer right now.";
const quickly = { attempts: 3, backoffMs: 1, apology: APOLOGY };
const SECRET = "token 4711 in /srv/bot.ts:12";

test.each<[string, (call: BotCall) => void, Record<string, unknown>, { code: string; attempts: number }]>([
  ["throws", (call) => call.fail(new TypeError(SECRET)), {}, { code: "bot_threw", attempts: 3 }],
  ["answers nothing", (call) => call.reply({ replies: [] }), {}, { code: "empty_reply", attempts: 3 }],
  ["answers only spaces", (call) => call.reply(" \n"), {}, { code: "empty_reply", attempts: 3 }],
  ["does not answer in time", () => undefined, { timeoutMs: 100 }, { code: "timeout", attempts: 3 }],
  [
    "fails permanently",
    (call) => call.fail(new BotError("bad_key", SECRET, { retryable: false })),
    {},
    { code: "bad_key", attempts: 1 },
  ],
])(
  "a bot that %s causes a failed execution with a reason, and the user gets one apology",
  async (_, script, turns, expected) => {
    const bot = createScriptedBot((call) => {
      if (call.texts[0] === "fail") script(call);
      else call.reply("fine");
    });
    await using story = await startGatedStory({ bot, agent: { turns: { ...quickly, ...turns } } });
    await story.say("ada", "fail");
    await story.say("ada", "next");
    await eventually(() => expect(story.texts("ada")).toEqual([APOLOGY, "fine"]));

    const [execution] = await story.rows("SELECT * FROM executions ORDER BY seq LIMIT 1");
    expect(execution).toMatchObject({
      status: "failed",
      error_code: expected.code,
      attempts: expected.attempts,
    });
    expect(execution?.error).toEqual(expect.stringMatching(/\w{3}/));
    expect(bot.calls.filter((call) => call.texts[0] === "fail")).toHaveLength(expected.attempts);
    const said = await story.rows(
      "SELECT content, origin FROM messages WHERE role = 'assistant' ORDER BY turn_seq",
    );
    expect(said).toEqual([
      { content: APOLOGY, origin: "notice" },
      { content: "fine", origin: "bot" },
    ]);
    // The log that users may read does not contain the reason.
    expect(JSON.stringify(execution?.log)).not.toContain("4711");
  },
);

test.each([
  ["content_filter", {}, /cannot answer this message/],
  ["prompt_too_long", {}, /or shorter/],
  ["context_length", { refusal: "Not that." }, /^Not that\.$/],
  ["content_filter", { apology: "Es tut mir leid." }, /^Es tut mir leid\.$/],
  ["request_refused", {}, /try again in a moment/],
])("an apology tells users how to help themselves: %s", async (code, turns, words) => {
  const bot = createScriptedBot((call) => call.fail(new BotError(code, "no", { retryable: false })));
  await using story = await startGatedStory({ bot, agent: { turns } });
  await story.say("ada", "hello");
  await eventually(() => expect(story.texts("ada")).toEqual([expect.stringMatching(words)]));
});

test("a bot's text is streamed in the same form in which it is stored", async () => {
  const bot = createScriptedBot((call) => {
    call.write("a\u0000");
    call.write("\ud83d");
    call.write("\ude00b");
    call.reply("a\u0000😀b");
  });
  await using story = await startGatedStory({ bot });
  await story.say("ada", "hello");
  await eventually(() => expect(story.texts("ada")).toEqual(["a\ufffd😀b"]));
  const [execution] = await story.rows<{ log: { type: string; data: Record<string, unknown> }[] }>(
    "SELECT log FROM executions",
  );
  const kept = execution?.log.flatMap(({ type, data }) => (type === "content" ? [data] : []));
  expect(kept).toEqual([{ content: "a\ufffd😀b" }]);
  expect(execution?.log.at(-1)?.data).toMatchObject({ output: { content: "a\ufffd😀b" } });
});

test("a bot that recovers within its attempts gives the answer, without an apology", async () => {
  let failures = 2;
  const bot = createScriptedBot((call) => {
    if (failures-- > 0) call.fail(new BotError("overloaded", "busy", { retryable: true }));
    else call.reply("back again");
  });
  await using story = await startGatedStory({ bot, agent: { turns: quickly } });
  await story.say("ada", "hello");
  await story.channel.sending("back again");
  await eventually(async () =>
    expect(await story.rows("SELECT status, attempts, error FROM executions")).toEqual([
      { status: "completed", attempts: 3, error: null },
    ]),
  );
  expect(story.texts("ada")).toEqual(["back again"]);
});

test("an empty apology sends nothing, and a bot may be silent on purpose", async () => {
  const bot = createScriptedBot((call) => {
    if (call.texts[0] === "fail") call.fail(new BotError("no", "no", { retryable: false }));
    else if (call.texts[0] === "quiet") call.reply({ silent: true });
    else call.reply("here");
  });
  await using story = await startGatedStory({ bot, agent: { turns: { ...quickly, apology: "" } } });
  for (const text of ["fail", "quiet", "speak"]) await story.say("ada", text);
  await story.channel.sending("here");
  expect(story.texts("ada")).toEqual(["here"]);
  await eventually(async () => {
    const executions = await story.rows("SELECT status FROM executions ORDER BY seq");
    expect(executions.map(({ status }) => status)).toEqual(["failed", "completed", "completed"]);
  });
});

test("a message whose turn ends process after process is given up with a reason", async () => {
  await using database = await createTestDatabase();
  const start = (script: (call: BotCall) => void) => {
    const times = { stopGraceMs: 50 };
    return startGatedStory({ bot: createScriptedBot(script), agent: { turns: quickly }, times, database });
  };
  const hang = (call: BotCall) => {
    if (call.texts[0] !== "poison") call.reply("fine");
  };
  for (const attempts of [1, 2, 3]) {
    await using story = await start(hang);
    if (attempts === 1) await story.say("ada", "poison");
    await story.bot.asked("poison");
    await eventually(async () =>
      expect(await story.rows("SELECT status, attempts FROM executions")).toEqual([
        { status: "running", attempts },
      ]),
    );
    // Simulates seven more crashes.
    if (attempts === 3) await story.rows("UPDATE executions SET attempts = 10");
  }

  await using story = await start(hang);
  await story.say("ada", "next");
  await eventually(() => expect(story.texts("ada")).toEqual([APOLOGY, "fine"]));
  expect(await story.rows("SELECT status, error_code FROM executions ORDER BY seq")).toEqual([
    { status: "failed", error_code: "turn_abandoned" },
    { status: "completed", error_code: null },
  ]);
  expect(story.bot.calls.map((call) => call.texts)).toEqual([["next"]]);
});

test("the typing indicator stays on while the bot works, and stops after its answer", async () => {
  const channel = createGatedChannel(undefined, { typingRefreshMs: 20 });
  const bot = createScriptedBot(() => undefined);
  await using story = await startGatedStory({ bot, channel });
  await story.say("ada", "hello");
  const call = await bot.asked("hello");
  await eventually(() => expect(channel.typings.length).toBeGreaterThan(5));
  expect(new Set(channel.typings)).toEqual(new Set(["ada"]));
  call.reply("hi");
  await channel.sending("hi");

  // The other conversation's indicator serves as a clock. The first one must not be refreshed any more.
  const before = channel.typings.filter((address) => address === "ada").length;
  await story.say("bob", "hello");
  await eventually(() =>
    expect(channel.typings.filter((address) => address === "bob").length).toBeGreaterThan(5),
  );
  expect(channel.typings.filter((address) => address === "ada")).toHaveLength(before);
  (await bot.asked("hello", 2)).reply("hi bob");
});
