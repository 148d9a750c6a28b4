import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { createScriptedBot } from "../support/scripted-bot.ts";
import { type GatedStory, startGatedStory } from "./gated-story.ts";

const picture = (platformId: string) => ({ kind: "image" as const, platformId, name: `${platformId}.jpg` });
const part = (n: number, more = {}) => ({ albumKey: "album", attachments: [picture(`p${n}`)], ...more });

const STORED = `SELECT m.content, m.seq, (SELECT array_agg(a.platform_id ORDER BY a.place) FROM attachments a
  WHERE a.message_id = m.id) AS files FROM messages m WHERE m.role = 'user' ORDER BY m.created_at, m.seq`;

const stored = (story: GatedStory) => story.rows<{ content: string; files: string[] | null }>(STORED);
const calls = (story: GatedStory) =>
  story.bot.calls.map(({ turn }) => turn.input.map(({ text, attachments }) => [text, attachments.length]));

test("the pictures of an album become one message and one question, in whatever way they arrive", async () => {
  await using story = await startGatedStory();
  // The first message opens connections. That can take longer than an album waits for its parts.
  await story.say("carl", "hello", { key: "0" });
  await story.channel.sending("re: hello");
  await Promise.all([
    story.say("ada", "compare these", { key: "1", more: part(1) }),
    story.say("ada", "", { key: "2", more: part(2) }),
    story.say("ada", "", { key: "3", more: part(3) }),
    // Another user's album with the same name, and the same parts again.
    story.say("bob", "mine", { key: "4", more: part(9) }),
    story.say("ada", "", { key: "2", more: part(2) }),
  ]);
  await story.say("ada", "", { key: "3", more: part(3) });
  await story.channel.sending("re: compare these");
  await story.channel.sending("re: mine");

  const album = (await stored(story)).find(({ content }) => content === "compare these");
  expect(album?.files?.toSorted()).toEqual(["p1", "p2", "p3"]);
  expect(calls(story).slice(1).toSorted()).toEqual([[["compare these", 3]], [["mine", 1]]]);
  expect(story.texts("ada")).toEqual(["re: compare these"]);
});

test("the album parts of one request become one message, and other messages between them keep their place", async () => {
  await using story = await startGatedStory();
  // The edit of a part arrives before its part.
  await story.say("ada", "zwei", { key: "4", more: { edits: { eventKey: "3" } } });
  await story.sayTogether([
    { chat: "ada", text: "before", key: "0" },
    { chat: "ada", text: "one", key: "1", more: part(1) },
    { chat: "ada", text: "between", key: "2" },
    { chat: "ada", text: "two", key: "3", more: part(2) },
  ]);
  await story.channel.sending("re: between");
  // The platform repeats the edit, whose words are there already.
  await story.say("ada", "zwei", { key: "4", more: { edits: { eventKey: "3" } } });
  expect(await story.rows("SELECT id FROM messages WHERE metadata ? 'late_edit_at'")).toEqual([]);
  expect(await stored(story)).toMatchObject([
    { content: "before", files: null },
    { content: "one\n\nzwei", files: ["p1", "p2"] },
    { content: "between", files: null },
  ]);
  expect(story.texts("ada")).toEqual(["re: before", "re: one\n\nzwei", "re: between"]);
});

test("an album part that arrives after the bot was asked becomes a separate message", async () => {
  await using story = await startGatedStory({ bot: createScriptedBot(() => undefined) });
  await story.say("ada", "one", { key: "1", more: part(1) });
  const call = await story.bot.asked("one");
  await story.say("ada", "late", { key: "2", more: part(2) });
  await story.say("ada", "later", { key: "3", more: part(3) });
  call.reply("first");
  (await story.bot.asked("late\n\nlater")).reply("second");
  await story.channel.sending("second");
  expect(story.texts("ada")).toEqual(["first", "second"]);
});

test("a later picture does not join an album that was cancelled while it waited for more parts", async () => {
  const bot = createScriptedBot();
  await using story = await startGatedStory({ bot });
  await story.say("ada", "one", { key: "1", more: part(1) });
  const [execution] = await story.rows<{ id: string }>("SELECT id FROM executions");
  await story.app.api("POST", `/executions/${execution?.id}/cancel`);
  await eventually(async () =>
    expect(await story.rows("SELECT 1 FROM executions WHERE status = 'cancelled'")).toHaveLength(1),
  );
  await story.say("ada", "two", { key: "2", more: part(2) });
  await story.channel.sending("re: two");
  expect(calls(story)).toEqual([[["two", 1]]]);
});

test("unaddressed album parts wait for a part that addresses the bot, and are deleted if none comes", async () => {
  await using story = await startGatedStory();
  const silent = (n: number) => part(n, { onlyWithAlbum: true as const });
  await story.say("group", "", { key: "1", more: silent(1) });
  await story.say("group", "", { key: "2", more: silent(2) });
  await story.say("group", "", { key: "2", more: silent(2) });
  await story.say("group", "@bot compare", { key: "3", more: part(3) });
  await story.say("group", "", { key: "4", more: silent(4) });
  await story.say("other", "", { key: "5", more: silent(5) });
  await story.channel.sending("re: @bot compare");

  expect(calls(story)).toEqual([[["@bot compare", 4]]]);
  const [album, ...rest] = await stored(story);
  expect(album?.files?.toSorted()).toEqual(["p1", "p2", "p3", "p4"]);
  expect(rest).toEqual([]);
  await story.rows("UPDATE album_parts SET received_at = now() - interval '2 minutes'");
  await eventually(async () => expect(await story.rows("SELECT 1 FROM album_parts")).toEqual([]));
});

test("a picture in a second event of a message joins the message before its turn begins", async () => {
  const bot = createScriptedBot(() => undefined);
  await using story = await startGatedStory({ bot });
  const supplements = { supplements: true as const };
  await story.say("ada", "busy");
  const busy = await bot.asked("busy");
  await story.say("ada", "what is this?", { key: ["event:1", "message:1"], more: supplements });
  const richer = { ...supplements, attachments: [picture("shot")] };
  await story.say("ada", "what is this?", { key: ["event:2", "message:1"], more: richer });
  await story.say("ada", "what is this?", { key: ["event:2", "message:1"], more: richer });
  busy.reply("done");
  const call = await bot.asked("what is this?");
  expect(call.turn.input[0]?.attachments.map(({ name }) => name)).toEqual(["shot.jpg"]);
  call.reply("a shot");
  await story.channel.sending("a shot");
  expect((await stored(story)).map(({ content }) => content)).toEqual(["busy", "what is this?"]);
});

test("a picture that arrives after the turn began follows once, as a separate message", async () => {
  const bot = createScriptedBot(() => undefined);
  await using story = await startGatedStory({ bot });
  const supplements = { supplements: true as const };
  await story.say("ada", "what is this?", { key: ["event:1", "message:1"], more: supplements });
  const call = await bot.asked("what is this?");
  const richer = { ...supplements, attachments: [picture("shot")] };
  for (let n = 0; n < 3; n++)
    await story.say("ada", "what is this?", { key: ["event:2", "message:1"], more: richer });
  call.reply("what?");
  const second = await bot.asked("");
  expect(second.turn.input[0]?.attachments.map(({ name }) => name)).toEqual(["shot.jpg"]);
  second.reply("a shot");
  await story.channel.sending("a shot");
  expect(await stored(story)).toMatchObject([
    { content: "what is this?", files: null },
    { content: "", files: ["shot"] },
  ]);
});

test("additional text and references in a second event join the message or follow it, and never appear twice", async () => {
  const bot = createScriptedBot(() => undefined);
  await using story = await startGatedStory({ bot });
  const thread = { kind: "thread" as const, author: "Eve", text: "It fails" };
  const forward = { kind: "forward" as const, author: "Bob", text: "error 42" };
  const poorer = { supplements: true as const, references: [thread] };
  const richer = { supplements: true as const, references: [thread, forward] };
  const twice = async (n: number, text: string) => {
    for (const _ of [1, 2])
      await story.say("ada", text, { key: [`event:${n}b`, `message:${n}`], more: richer });
  };
  await story.say("ada", "busy");
  const busy = await bot.asked("busy");
  await story.say("ada", "which?", { key: ["event:1a", "message:1"], more: poorer });
  await twice(1, "which?\n\n| a |");
  busy.reply("done");
  const first = await bot.asked("which?\n\n| a |");
  expect(first.turn.input[0]?.context?.references.map(({ kind }) => kind)).toEqual(["thread", "forward"]);
  first.reply("a");

  await story.say("ada", "and?", { key: ["event:2a", "message:2"], more: poorer });
  const begun = await bot.asked("and?");
  await twice(2, "and?\n\n| b |");
  begun.reply("?");
  const follows = await bot.asked("| b |");
  expect(follows.turn.input[0]?.context?.references.map(({ kind }) => kind)).toEqual(["forward"]);
  follows.reply("b");
  await story.channel.sending("b");
  expect((await stored(story)).map(({ content }) => content)).toEqual([
    "busy",
    "which?\n\n| a |",
    "and?",
    "| b |",
  ]);
});

test.each([1, 2, 3])("two events of one message at the same moment lose no picture (%i)", async () => {
  await using story = await startGatedStory();
  const supplements = { supplements: true as const };
  const events = [
    { key: ["event:1", "message:1"] as [string, string], more: supplements },
    {
      key: ["event:2", "message:1"] as [string, string],
      more: { ...supplements, attachments: [picture("shot")] },
    },
  ];
  await Promise.all(events.map((event) => story.say("ada", "what is this?", event)));
  await eventually(() => {
    const seen = story.bot.calls.flatMap(({ turn }) => turn.input.flatMap(({ attachments }) => attachments));
    expect(seen.map(({ name }) => name)).toEqual(["shot.jpg"]);
  });
});
