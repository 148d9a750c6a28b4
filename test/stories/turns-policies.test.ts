import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { createScriptedBot } from "../support/scripted-bot.ts";
import { lockTable } from "./database-outage.ts";
import { startGatedStory } from "./gated-story.ts";

/** Answers only when the test does. */
const silentUntilTold = () => createScriptedBot(() => undefined);

const EXECUTIONS = `SELECT m.content, e.status, e.error_code, (i.content) AS merged_into FROM executions e
  JOIN messages m ON m.id = e.user_message_id LEFT JOIN executions x ON x.id = e.merged_into
  LEFT JOIN messages i ON i.id = x.user_message_id ORDER BY e.seq`;

test("under queue every message gets its own answer, one turn at a time, in arrival order", async () => {
  await using story = await startGatedStory({ bot: silentUntilTold() });
  for (const text of ["one", "two", "three"]) await story.say("ada", text);

  const one = await story.bot.asked("one");
  expect(story.bot.calls).toHaveLength(1);
  one.reply("1");
  const two = await story.bot.asked("two");
  expect(story.bot.calls).toHaveLength(2);
  await story.channel.sending("1");
  two.reply("2");
  (await story.bot.asked("three")).reply("3");

  await story.channel.sending("3");
  expect(story.texts("ada")).toEqual(["1", "2", "3"]);
  await eventually(async () => {
    const ended = await story.rows(EXECUTIONS);
    expect(ended.map(({ content, status }) => [content, status])).toEqual([
      ["one", "completed"],
      ["two", "completed"],
      ["three", "completed"],
    ]);
  });
});

test("a bot that hangs in one session delays no other session", async () => {
  const bot = createScriptedBot((call) => {
    if (call.texts[0] !== "hang") call.reply(`re: ${call.texts[0]}`);
  });
  await using story = await startGatedStory({ bot });
  for (let n = 0; n < 30; n++) await story.say(`stuck-${n}`, "hang");
  await eventually(() => expect(bot.calls).toHaveLength(30));

  for (let n = 0; n < 30; n++) await story.say(`free-${n}`, "hello");
  await eventually(() => {
    for (let n = 0; n < 30; n++) expect(story.texts(`free-${n}`)).toEqual(["re: hello"]);
  });
  for (const call of bot.calls) call.reply("at last");
  await eventually(() => expect(story.texts("stuck-0")).toEqual(["at last"]));
});

test("under collect, messages written during a turn get one shared answer that names them", async () => {
  await using story = await startGatedStory({
    bot: silentUntilTold(),
    agent: { turns: { policy: "collect", windowMs: 0 } },
  });
  await story.say("ada", "one");
  const one = await story.bot.asked("one");
  for (const text of ["two", "three", "four"]) await story.say("ada", text);
  one.reply("1");

  (await story.bot.asked(["two", "three", "four"])).reply("2+3+4");
  await story.channel.sending("2+3+4");
  expect(story.texts("ada")).toEqual(["1", "2+3+4"]);
  await eventually(async () =>
    expect(await story.rows(EXECUTIONS)).toEqual([
      { content: "one", status: "completed", error_code: null, merged_into: null },
      { content: "two", status: "cancelled", error_code: "merged", merged_into: "four" },
      { content: "three", status: "cancelled", error_code: "merged", merged_into: "four" },
      { content: "four", status: "completed", error_code: null, merged_into: null },
    ]),
  );
});

test("under collect, messages within the window get one shared answer", async () => {
  await using story = await startGatedStory({ agent: { turns: { policy: "collect", windowMs: 1_000 } } });
  await Promise.all(["a", "b", "c"].map((text) => story.say("ada", text)));
  await eventually(() => expect(story.texts("ada")).toHaveLength(1));
  expect(story.bot.calls).toHaveLength(1);
  expect(story.bot.calls[0]?.texts.toSorted()).toEqual(["a", "b", "c"]);
});

test("under interrupt a new message aborts the running turn and its bot call, and both get one answer", async () => {
  await using story = await startGatedStory({
    bot: silentUntilTold(),
    agent: { turns: { policy: "interrupt" } },
  });
  await story.say("ada", "one");
  const one = await story.bot.asked("one");
  await story.say("ada", "two");
  const both = await story.bot.asked(["one", "two"]);
  expect(one.signal.aborted).toBe(true);
  one.reply("too late");
  both.reply("1+2");

  await story.channel.sending("1+2");
  await eventually(async () =>
    expect(await story.rows(EXECUTIONS)).toEqual([
      { content: "one", status: "cancelled", error_code: "merged", merged_into: "two" },
      { content: "two", status: "completed", error_code: null, merged_into: null },
    ]),
  );
  expect(story.texts("ada")).toEqual(["1+2"]);
});

test("under interrupt a message that comes while the turn is prepared joins the first one's answer", async () => {
  await using story = await startGatedStory({
    bot: silentUntilTold(),
    agent: { turns: { policy: "interrupt" } },
  });
  await story.say("ada", "hello");
  (await story.bot.asked("hello")).reply("hi");
  await story.channel.sending("hi");

  // After a reload the agent is loaded again, and the lock makes that wait.
  await story.app.app.reload();
  await using locked = await lockTable(story.app.database, "agent_versions");
  await story.say("ada", "one");
  await story.say("ada", "two");
  await locked.release();

  (await story.bot.asked(["one", "two"])).reply("1+2");
  await story.channel.sending("1+2");
  expect(story.texts("ada")).toEqual(["hi", "1+2"]);
});

test("a bot that ignores the abort signal delays neither the newer message nor the stop", async () => {
  await using story = await startGatedStory({
    bot: createScriptedBot(() => undefined, { deaf: true }),
    agent: { turns: { policy: "interrupt" } },
    times: { stopGraceMs: 100 },
  });
  await story.say("ada", "one");
  await story.bot.asked("one");
  await story.say("ada", "two");
  (await story.bot.asked(["one", "two"])).reply("1+2");
  await story.channel.sending("1+2");
  await story.say("ada", "never answered");
  await story.bot.asked("never answered");
});
