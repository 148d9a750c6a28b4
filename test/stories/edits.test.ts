import { expect, test } from "vitest";
import type { InboundMessage } from "../../src/core/message/inbound-message.ts";
import type { JsonObject } from "../../src/core/text/json.ts";
import { eventually } from "../support/eventually.ts";
import { createScriptedBot } from "../support/scripted-bot.ts";
import { type GatedStory, startGatedStory } from "./gated-story.ts";

const SAID = "SELECT content FROM messages WHERE role = 'user' ORDER BY seq";
const said = async (story: GatedStory) =>
  (await story.rows<{ content: string }>(SAID)).map(({ content }) => content);

/** Writes a message with a number of the platform, or rewrites it. */
const writing = (story: GatedStory) => ({
  write: (number: number, text: string) =>
    story.say("ada", text, { key: `message:${number}`, more: { replyReference: String(number) } }),
  edit: (
    number: number,
    text: string,
    event: number,
    metadata: JsonObject = { edited_at: "2026-11-30T10:00:00.000Z" },
    edits: InboundMessage["edits"] = true,
  ) =>
    story.say("ada", text, {
      key: `edit:${event}`,
      more: { edits, metadata, ...(edits === true ? { replyReference: String(number) } : {}) },
    }),
});

test("an edit changes a message once, and only before its turn begins", async () => {
  const bot = createScriptedBot(() => undefined);
  await using story = await startGatedStory({ bot });
  const { write, edit } = writing(story);
  await write(1, "one");
  const first = await bot.asked("one");
  await write(2, "two");
  await write(3, "three");
  await edit(2, "zwei", 1);
  await edit(2, "deux", 2);
  // The platform repeats an earlier edit.
  await edit(2, "zwei", 1);
  await edit(1, "eins", 3);
  await edit(4, "nobody wrote this", 4);
  expect(await said(story)).toEqual(["one", "deux", "three"]);
  first.reply("1");

  // The session's worker has read both waiting messages, and then the newer one changes.
  const second = await bot.asked("deux");
  await edit(3, "trois", 5);
  await edit(2, "too late", 6);
  second.reply("2");
  const third = await bot.asked("trois");
  await edit(3, "too late", 7);
  third.reply("3");
  await story.channel.sending("3");
  await edit(3, "too late", 8);

  expect(await said(story)).toEqual(["one", "deux", "trois"]);
  expect(bot.calls.map(({ turn }) => turn.input.map(({ text }) => text))).toEqual([
    ["one"],
    ["deux"],
    ["trois"],
  ]);
  const [message] = await story.rows("SELECT id FROM messages WHERE content = 'deux'");
  const { body } = await story.app.api("GET", `/messages/${message?.id}/trail`);
  expect(body.facts).toContainEqual(
    expect.objectContaining({ at: "2026-11-30T10:00:00.000Z", what: "The user rewrote the message." }),
  );
  const [late] = await story.rows("SELECT id FROM messages WHERE content = 'one'");
  const trail = await story.app.api("GET", `/messages/${late?.id}/trail`);
  expect(trail.body.facts).toContainEqual(
    expect.objectContaining({
      at: "2026-11-30T10:00:00.000Z",
      what: "The user rewrote the message too late.",
      why: expect.stringContaining("only while a message waits"),
    }),
  );
});

test("an edit that arrives before its message waits for it, and of two edits the newer one counts", async () => {
  const bot = createScriptedBot(() => undefined);
  await using story = await startGatedStory({ bot });
  const { write, edit } = writing(story);
  const at = (seconds: number) => `2026-11-30T10:00:0${seconds}.000Z`;
  await edit(1, "newest", 1, { edited_at: at(3) });
  await edit(1, "older", 2, { edited_at: at(2) });
  await write(1, "one");
  // The message is new to the bot, so the words of the edit begin its turn.
  const first = await bot.asked("newest");
  await edit(1, "newest", 1, { edited_at: at(3) });
  await write(1, "one");

  // Slack names the message by the key of its event.
  await edit(2, "zwei", 3, { edited_at: at(2) }, { eventKey: "message:2" });
  await story.say("ada", "two", { key: "message:2" });
  await edit(2, "zwei und zwei", 4, { edited_at: at(4) }, { eventKey: "message:2" });
  await edit(2, "two, I said", 5, { edited_at: at(3) }, { eventKey: "message:2" });

  // Two processes store an edit and its message in the same moment: neither sees the other's.
  await edit(3, "drei", 6);
  await story.rows("UPDATE early_edits SET original = 'unseen/' || original");
  await write(3, "three");
  await story.rows(
    "UPDATE early_edits SET original = substr(original, 8), received_at = now() - interval '3 seconds'",
  );
  await eventually(async () => expect(await said(story)).toContain("drei"));

  first.reply("1");
  (await bot.asked("zwei und zwei")).reply("2");
  (await bot.asked("drei")).reply("3");
  await story.channel.sending("3");
  expect(await said(story)).toEqual(["newest", "zwei und zwei", "drei"]);
  expect(await story.rows("SELECT metadata FROM messages WHERE role = 'user' ORDER BY seq")).toEqual([
    { metadata: { edited_at: at(3) } },
    { metadata: { edited_at: at(4) } },
    { metadata: { edited_at: at(0) } },
  ]);
  expect(await story.rows("SELECT original FROM early_edits")).toEqual([]);

  // A message that never comes is forgotten.
  await edit(9, "never", 9);
  await story.rows("UPDATE early_edits SET received_at = now() - interval '25 hours'");
  await eventually(async () => expect(await story.rows("SELECT 1 FROM early_edits")).toEqual([]));
});

test("a waiting collected message can be edited, but not after the collected messages are answered", async () => {
  const bot = createScriptedBot(() => undefined);
  const agent = { turns: { policy: "collect", windowMs: 50 } };
  await using story = await startGatedStory({ bot, agent });
  const { write, edit } = writing(story);
  await write(1, "busy");
  const busy = await bot.asked("busy");
  await edit(1, "too late", 1);
  await write(2, "two");
  await write(3, "three");
  await edit(3, "drei", 2);
  busy.reply("1");
  const call = await eventually(() => bot.calls[1] ?? expect.fail("the others were not asked"));
  await edit(3, "too late", 3);
  expect(call.turn.input.map(({ text }) => text)).toEqual(["two", "drei"]);
  call.reply("2");
  await story.channel.sending("2");
  expect(await said(story)).toEqual(["busy", "two", "drei"]);
});

test("an edit changes a message that waits until its sender gets access, once", async () => {
  const channels = { gated: { kind: "gated", agent: "agent", access: { policy: "allowlist" } } };
  await using story = await startGatedStory({ channels });
  const { write, edit } = writing(story);
  await edit(1, "zero", 4, { edited_at: "2026-11-30T09:00:00.000Z" });
  await write(1, "one");
  expect((await story.app.api("GET", "/access_requests")).body.data).toMatchObject([{ text: "zero" }]);
  await edit(1, "eins", 1);
  await edit(1, "uno", 2);
  await edit(1, "eins", 1);
  await edit(1, "null", 5, { edited_at: "2026-11-30T09:30:00.000Z" });
  await edit(3, "nobody wrote this", 3);
  const { body } = await story.app.api("GET", "/access_requests");
  expect(body.data).toMatchObject([{ text: "uno" }]);
  await story.app.api("POST", `/access_requests/${body.data[0].id}/approve`, {});
  await story.channel.sending("re: uno");
  expect(await said(story)).toEqual(["uno"]);
});
