import { expect, test } from "vitest";
import { BotError } from "../../src/core/faults/errors.ts";
import { eventually } from "../support/eventually.ts";
import { createGatedChannel, sent } from "../support/gated-channel.ts";
import { createScriptedBot } from "../support/scripted-bot.ts";
import { startGatedStory } from "./gated-story.ts";

const MANY = { sessions: "many" as const, resetCommand: false };

test("a send names the messages that it answers, with the newest reply token", async () => {
  const bot = createScriptedBot(() => undefined);
  await using story = await startGatedStory({ bot, agent: { turns: { policy: "collect", windowMs: 0 } } });
  await story.say("ada", "one", { key: "k1", more: { replyReference: "token-1" } });
  const one = await bot.asked("one");
  await story.say("ada", "two", { key: "k2", more: { replyReference: "token-2" } });
  await story.say("ada", "three", { key: ["k3", "message:3"] });
  one.reply("first");
  (await bot.asked(["two", "three"])).reply({ replies: [{ content: "second" }, { content: "third" }] });

  const answers = async (text: string) => (await story.channel.sending(text)).part.answers;
  expect(await answers("first")).toEqual({ eventKeys: ["k1"], replyReference: "token-1" });
  const both = { eventKeys: ["k2", "k3", "message:3"], replyReference: "token-2" };
  expect(await answers("second")).toEqual(both);
  expect(await answers("third")).toEqual(both);
});

test("a reset's reply answers the command, and a retried send still names what it answers", async () => {
  const channel = createGatedChannel((send, nth) =>
    send.settle(
      nth === 1
        ? { kind: "retry", scope: "conversation", code: "busy", reason: "busy", afterMs: 50 }
        : sent(),
    ),
  );
  await using story = await startGatedStory({ channel, agent: { reset: { reply: "Anew." } } });
  await story.say("ada", "/reset", { key: "k1" });
  expect((await channel.sending("Anew.", 2)).part.answers).toEqual({ eventKeys: ["k1"] });
});

test("a triggered message answers no message", async () => {
  await using story = await startGatedStory();
  await story.say("ada", "hello");
  await story.channel.sending("re: hello");
  const trigger = { agent_id: "agent", channel: "gated", identifier: "ada" };
  await story.app.api("POST", "/trigger_bot_message", { ...trigger, message_text: "By the way." });
  await story.app.api("POST", "/trigger_bot_message", { ...trigger, prompt_text: "Ask something" });
  expect((await story.channel.sending("By the way.")).part.answers).toBeUndefined();
  expect((await story.channel.sending("re: Ask something")).part.answers).toBeUndefined();
});

test.each([
  ["a bot that says nothing", (call) => call.reply({ replies: [], silent: true }), "no_reply"],
  [
    "a failure without an apology",
    (call) => call.fail(new BotError("x", "x", { retryable: false })),
    "failed",
  ],
] satisfies [string, Parameters<typeof createScriptedBot>[0], string][])(
  "a channel hears of %s, but not of turns with an answer",
  async (_what, script, outcome) => {
    const bot = createScriptedBot((call) => (call.texts[0] === "quiet" ? script?.(call) : call.reply("yes")));
    await using story = await startGatedStory({ bot, agent: { turns: { apology: "" } } });
    await story.say("ada", "hello");
    await story.channel.sending("yes");
    await story.say("ada", "quiet", { key: "k1", more: { replyReference: "token" } });
    const [told] = await eventually(() => {
      expect(story.channel.ended).toHaveLength(1);
      return story.channel.ended;
    });
    expect(told).toMatchObject({
      outcome,
      target: { address: "ada", answers: { eventKeys: ["k1"], replyReference: "token" } },
    });
    expect(story.texts("ada")).toEqual(["yes"]);
  },
);

test("a channel hears of turns that were cancelled while running, while waiting, or with their session", async () => {
  const bot = createScriptedBot(() => undefined);
  await using story = await startGatedStory({ bot });
  const executions = () =>
    story.rows<{ id: string; session_id: string }>("SELECT * FROM executions ORDER BY created_at, seq");
  const told = (keys: string[]) =>
    eventually(() => {
      expect(story.channel.ended.map(({ target }) => target.answers?.eventKeys[0])).toEqual(keys);
    });
  await story.say("ada", "one", { key: "k1" });
  await bot.asked("one");
  await story.say("ada", "two", { key: "k2" });
  const [first, second] = await executions();
  await story.app.api("POST", `/executions/${second?.id}/cancel`);
  await story.app.api("POST", `/executions/${first?.id}/cancel`);
  await told(["k1", "k2"]);

  await story.say("ada", "three", { key: "k3" });
  await bot.asked("three");
  await story.app.api("POST", `/chat/sessions/${first?.session_id}/end`, { trigger_events: false });
  await told(["k1", "k2", "k3"]);
  expect(story.channel.ended.map(({ outcome }) => outcome)).toEqual(["cancelled", "cancelled", "cancelled"]);
});

test("a session moves into the thread that its first answer opens, and later replies go there too", async () => {
  const channel = createGatedChannel((send) => {
    const result = sent();
    const began = send.part.address === "room:1" ? { began: "thread-1" } : {};
    send.settle(result.kind === "sent" ? { ...result, ...began } : result);
  }, MANY);
  const bot = createScriptedBot((call) => call.reply({ replies: [{ content: "a" }, { content: "b" }] }));
  await using story = await startGatedStory({ channel, bot });
  await story.say("ada", "hello", { thread: "room:1" });
  await channel.sending("b");
  expect(channel.sends.map(({ part }) => [part.address, part.text])).toEqual([
    ["room:1", "a"],
    ["thread-1", "b"],
  ]);
  await story.say("ada", "more", { thread: "thread-1" });
  await channel.sending("b", 2);
  expect(await story.rows("SELECT external_id, address FROM sessions")).toEqual([
    { external_id: "thread-1", address: "thread-1" },
  ]);
});

test.each([
  ["another session has that name", MANY, "thread-1"],
  ["users have one session each", {}, undefined],
])(
  "a session stays if it cannot move into its new thread, and the log says why: %s",
  async (_why, can, taken) => {
    const channel = createGatedChannel((send) => {
      const result = sent();
      send.settle(result.kind === "sent" ? { ...result, began: "thread-1" } : result);
    }, can);
    await using story = await startGatedStory({ channel });
    if (taken) await story.say("bob", "first", { thread: taken });
    await story.say("ada", "hello", can === MANY ? { thread: "room:1" } : {});
    await channel.sending("re: hello");
    await eventually(() =>
      expect(
        story.app.log.filter(({ message }) => message.startsWith("a session keeps its address")),
      ).toMatchObject([{ fields: { began: "thread-1" } }]),
    );
  },
);
