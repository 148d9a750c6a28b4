import { expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { createGatedChannel, type GatedSend, sent } from "../support/gated-channel.ts";
import { createScriptedBot } from "../support/scripted-bot.ts";
import { type GatedStory, startGatedStory } from "./gated-story.ts";

/** Never finishes the sends to some conversations, like a slow platform. */
function slowFor(isSlow: (address: string) => boolean) {
  const held: GatedSend[] = [];
  const channel = createGatedChannel((send) => {
    if (isSlow(send.part.address)) held.push(send);
    else send.settle(sent());
  });
  return { channel, held };
}

const hello = (story: GatedStory, chats: string[], channel = "gated") =>
  Promise.all(chats.map((chat) => story.say(chat, "hello", { channel })));

const names = (kind: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${kind}-${index}`);

it("a chat with many messages delays no other chat, and receives everything in order", async () => {
  const { channel, held } = slowFor((address) => address === "flood");
  await using story = await startGatedStory({ channel });
  const flood = names("flood", 60);
  for (const text of flood) await story.say("flood", text);
  // Every reply is written. One is being sent, and the others wait behind it.
  await eventually(async () => {
    const [row] = await story.rows<{ n: number }>("SELECT count(*)::int AS n FROM deliveries");
    expect(row?.n).toBe(60);
  });
  const quiet = names("quiet", 20);
  await hello(story, quiet);
  await eventually(() =>
    expect(quiet.map((chat) => story.texts(chat))).toEqual(quiet.map(() => ["re: hello"])),
  );
  expect(held).toHaveLength(1);

  for (let index = 0; index < 60; index++) {
    await eventually(() => expect(held).toHaveLength(index + 1));
    held[index]?.settle(sent());
  }
  expect(story.texts("flood")).toEqual(flood.map((text) => `re: ${text}`));
});

it("chats whose sends hang delay no other chat and no other channel", async () => {
  const { channel, held } = slowFor((address) => address.startsWith("hanging"));
  const other = createGatedChannel(undefined, {}, "other");
  await using story = await startGatedStory({ channel, others: { other } });
  // The messages are posted one after another, so that no replies are claimed together.
  for (const [index, chat] of names("hanging", 12).entries()) {
    await story.say(chat, "hello");
    await eventually(() => expect(held).toHaveLength(index + 1));
  }
  const quiet = names("quiet", 20);
  await hello(story, quiet);
  await hello(story, quiet, "other");
  await eventually(() =>
    expect(quiet.map((chat) => story.texts(chat))).toEqual(quiet.map(() => ["re: hello"])),
  );
  await eventually(() => expect(other.sends).toHaveLength(20));
  for (const send of held) send.settle(sent());
});

/** A channel whose first send is refused, with a pause for the whole connection. */
function createLimitedChannel(afterMs: number) {
  return createGatedChannel((send, nth) =>
    send.settle(
      nth === 1 && send.part.address === "first"
        ? { kind: "retry", reason: "too many requests", code: "429", scope: "connection", afterMs }
        : sent(),
    ),
  );
}

it("a channel that must pause delays no other channel", async () => {
  const channel = createLimitedChannel(3_600_000);
  const other = createGatedChannel(undefined, {}, "other");
  await using story = await startGatedStory({ channel, others: { other } });
  await story.say("first", "hello");
  await story.channel.sending("re: hello");
  const chats = names("chat", 20);
  await hello(story, chats);
  await hello(story, chats, "other");
  await eventually(() => expect(other.sends).toHaveLength(20));
  expect(channel.sends).toHaveLength(1);
});

it("a channel that must pause continues without further messages", async () => {
  const channel = createLimitedChannel(500);
  await using story = await startGatedStory({ channel });
  await story.say("first", "hello");
  await story.channel.sending("re: hello");
  await hello(story, names("chat", 20));
  await eventually(() => expect(channel.sends).toHaveLength(22));
});

it("a session whose bot never finishes delays no other session", async () => {
  const bot = createScriptedBot((call) => {
    if (call.texts[0] === "hello") call.reply("there you are");
  });
  await using story = await startGatedStory({ bot });
  await Promise.all(names("stuck", 50).map((chat) => story.say(chat, "think")));
  await eventually(() => expect(bot.calls).toHaveLength(50));
  const quiet = names("quiet", 20);
  await hello(story, quiet);
  await eventually(() => expect(story.channel.sends).toHaveLength(20));
  for (const call of bot.calls) call.reply("done");
});
