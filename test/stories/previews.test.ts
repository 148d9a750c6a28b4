import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { createGatedChannel, type GatedChannel, type GatedStream, sent } from "../support/gated-channel.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { createScriptedBot } from "../support/scripted-bot.ts";
import { type GatedStory, startGatedStory } from "./gated-story.ts";

const streamingChannel = (streaming: Parameters<typeof createGatedChannel>[3] = {}): GatedChannel =>
  createGatedChannel(undefined, {}, "gated", streaming);

/** The stream that was opened in a chat. */
const streamIn = ({ channel }: GatedStory, chat: string, nth = 1): Promise<GatedStream> =>
  eventually(() => {
    const found = channel.streams.filter(({ target }) => target.address === chat)[nth - 1];
    if (!found || found.shown.length === 0) throw new Error(`no ${nth} streams were opened in ${chat}`);
    return found;
  });

/** The preview of a stream, by its number among all streams. */
const previewOf = ({ channel }: GatedStory, stream: GatedStream) =>
  `preview-${channel.streams.indexOf(stream) + 1}`;

const sentTo = ({ channel }: GatedStory, chat: string) =>
  channel.sends.filter(({ part }) => part.address === chat).map(({ part }) => [part.text, part.preview]);

const kept = (story: GatedStory, chat: string) =>
  story
    .rows<{ preview: string }>(
      `SELECT e.preview FROM executions e JOIN sessions s ON s.id = e.session_id
       WHERE s.address = $1 AND e.preview IS NOT NULL`,
      [chat],
    )
    .then((rows) => rows.map(({ preview }) => preview));

describe("an answer on a platform that shows a preview", () => {
  let story: GatedStory;
  beforeAll(async () => {
    const channel = createGatedChannel(
      (send) => (send.part.text === "held" ? undefined : send.settle(sent())),
      { textLimit: 10 },
      "gated",
      // The platform does not carry out the first removal.
      { removes: (nth) => nth > 1, still: (nth) => story.channel.streams[nth - 1]?.shown[0] !== "shaky" },
    );
    const bot = createScriptedBot(() => undefined);
    story = await startGatedStory({ bot, channel, agent: { turns: { attempts: 1, apology: "Sorry." } } });
  });
  afterAll(() => story[Symbol.asyncDispose]());

  test("disappears when it is cancelled, with another try if removal fails, and nothing is sent", async () => {
    await story.say("eve", "cancel me");
    const call = await story.bot.asked("cancel me");
    call.write("Hel");
    const live = await streamIn(story, "eve");
    const { status } = await story.app.api("POST", `/executions/${call.turn.executionId}/cancel`);
    expect(status).toBeLessThan(300);
    const preview = previewOf(story, live);
    await eventually(() => expect(story.channel.removed).toEqual([preview, preview]));
    await eventually(async () => expect(await kept(story, "eve")).toEqual([]));
    expect(sentTo(story, "eve")).toEqual([]);
  });

  test("grows in the preview, and its first part replaces the preview", async () => {
    await story.say("ada", "hello");
    const call = await story.bot.asked("hello");
    call.write("Hello ");
    const live = await streamIn(story, "ada");
    const { executionId } = call.turn;
    expect(live.target).toMatchObject({ address: "ada", userIdentifier: "ada", executionId });
    const preview = previewOf(story, live);
    await eventually(async () => expect(await kept(story, "ada")).toEqual([preview]));
    expect(sentTo(story, "ada")).toEqual([]);

    call.write("to you, Ada");
    expect(live.shown).toEqual(["Hello ", "Hello to you, Ada"]);
    call.reply("Hello to you, Ada");
    await eventually(() =>
      expect(sentTo(story, "ada")).toEqual([
        ["Hello to y", preview],
        ["ou, Ada", undefined],
      ]),
    );
    expect(live.closed).toBe(true);
    expect(await kept(story, "ada")).toEqual([]);
    expect(story.channel.removed).not.toContain(preview);
  });

  test("has no preview if it is complete at once", async () => {
    await story.say("bob", "hurry");
    const call = await story.bot.asked("hurry");
    call.write("quick");
    call.reply("quick");
    await eventually(() => expect(sentTo(story, "bob")).toEqual([["quick", undefined]]));
    expect(story.channel.streams.filter(({ target }) => target.address === "bob")).toEqual([]);
  });

  test("is replaced by the apology after a failure", async () => {
    await story.say("cyd", "fail");
    const call = await story.bot.asked("fail");
    call.write("Hel");
    const live = await streamIn(story, "cyd");
    call.fail(new Error("out of order"));
    await eventually(() => expect(sentTo(story, "cyd")).toEqual([["Sorry.", previewOf(story, live)]]));
  });

  test("is sent separately after the preview is removed, if the preview may still change", async () => {
    await story.say("dan", "shake");
    const call = await story.bot.asked("shake");
    call.write("shaky");
    const live = await streamIn(story, "dan");
    call.reply("shaky");
    await eventually(() => expect(sentTo(story, "dan")).toEqual([["shaky", undefined]]));
    await eventually(() => expect(story.channel.removed).toContain(previewOf(story, live)));
    await eventually(async () => expect(await kept(story, "dan")).toEqual([]));
  });

  test("has no preview while an earlier message is still unsent", async () => {
    await story.say("fay", "one");
    (await story.bot.asked("one")).reply("held");
    const held = await story.channel.sending("held");
    await story.say("fay", "two");
    const call = await story.bot.asked("two");
    call.write("second");
    // Another conversation shows its later answer, so this one had time to do the same.
    await story.say("gil", "three");
    const other = await story.bot.asked("three");
    other.write("third");
    await streamIn(story, "gil");
    other.reply("third");
    held.settle(sent());
    call.reply("second");
    await eventually(() => expect(story.texts("fay")).toEqual(["held", "second"]));
    expect(story.channel.streams.filter(({ target }) => target.address === "fay")).toEqual([]);
  });
});

test("the preview of an interrupted answer is removed, and the next answer has its own preview", async () => {
  await using story = await startGatedStory({
    bot: createScriptedBot(() => undefined),
    channel: streamingChannel(),
    agent: { turns: { policy: "interrupt" } },
  });
  await story.say("ada", "one");
  (await story.bot.asked("one")).write("about one");
  await streamIn(story, "ada");
  await story.say("ada", "two");
  const call = await story.bot.asked(["one", "two"]);
  await eventually(() => expect(story.channel.removed).toEqual(["preview-1"]));
  call.write("about both");
  await streamIn(story, "ada", 2);
  call.reply("about both");
  await eventually(() => expect(sentTo(story, "ada")).toEqual([["about both", "preview-2"]]));
  expect(await kept(story, "ada")).toEqual([]);
});

test("another process sends the answer into the preview of a stopped process", async () => {
  await using database = await createTestDatabase();
  const channel = streamingChannel();
  const bot = createScriptedBot(() => undefined);
  const options = { database, channel, bot, times: { stopGraceMs: 0 } };
  {
    await using story = await startGatedStory(options);
    await story.say("ada", "hello");
    (await bot.asked("hello")).write("Hel");
    await streamIn(story, "ada");
    await eventually(async () => expect(await kept(story, "ada")).toEqual(["preview-1"]));
  }
  await using story = await startGatedStory(options);
  const call = await bot.asked("hello", 2);
  call.write("Hello again");
  call.reply("Hello again");
  await eventually(() => expect(sentTo(story, "ada")).toEqual([["Hello again", "preview-1"]]));
  expect([channel.streams.length, channel.removed]).toEqual([1, []]);
  expect(await kept(story, "ada")).toEqual([]);
});
