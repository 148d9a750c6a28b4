import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { createGatedChannel } from "../support/gated-channel.ts";
import { createScriptedBot } from "../support/scripted-bot.ts";
import { startGatedStory } from "./gated-story.ts";
import { privateMessage, startTelegramStory } from "./telegram-story.ts";

const SESSIONS = "SELECT id, status, end_reason, next_id FROM sessions ORDER BY created_at, id";
const SESSIONS_OF = "SELECT * FROM sessions WHERE address = $1 ORDER BY created_at, id";

test("/reset, in any case, padded or with the bot's name, completes the session and opens a new one", async () => {
  await using story = await startTelegramStory({
    agent: { bot: { type: "echo" }, reset: { reply: "New start." } },
  });
  const commands = ["/reset", "  /ReSeT \n", "/reset@causeway_bot", "/RESET@Causeway_Bot"];
  const chats = commands.map((command, index) => ({ chat: index + 1, command }));
  for (const { chat, command } of chats) {
    for (const text of ["hello", command, "again"]) await story.say(chat, text);
  }
  for (const { chat } of chats) {
    await eventually(() =>
      expect(story.texts(chat)).toEqual(["You said: hello", "New start.", "You said: again"]),
    );
    const sessions = await story.rows(SESSIONS_OF, [String(chat)]);
    expect(sessions).toMatchObject([
      { status: "completed", end_reason: "user_reset", next_id: sessions[1]?.id },
      { status: "active", end_reason: null },
    ]);
    const kept = await story.rows(
      "SELECT seq, origin, content FROM messages WHERE session_id = $1 ORDER BY seq",
      [sessions[1]?.id],
    );
    expect(kept).toEqual([
      { seq: 1, origin: "notice", content: "New start." },
      { seq: 2, origin: "user", content: "again" },
      { seq: 3, origin: "bot", content: "You said: again" },
    ]);
  }
});

test("a text that only contains /reset, or a similar command, is ordinary text", async () => {
  await using story = await startTelegramStory();
  const texts = ["/reset now", "please /reset", "/resets", "reset"];
  for (const text of texts) await story.say(7, text);
  await eventually(() => expect(story.texts(7)).toEqual(texts.map((text) => `You said: ${text}`)));
  expect(await story.rows(SESSIONS)).toHaveLength(1);
});

test("after a reset the bot gets no earlier messages, and neither the command nor its reply", async () => {
  const prompts: string[] = [];
  const bot = createScriptedBot(async (call) => {
    const prompt = await call.turn.prompt();
    prompts.push(prompt.map(({ role, content }) => `${role}: ${content}`).join("\n"));
    call.reply(`re: ${call.texts[0]}`);
  });
  await using story = await startGatedStory({
    bot,
    agent: { messages: [{ role: "system", content: "Be kind." }], reset: { reply: "Forgotten." } },
  });
  for (const text of ["my secret", "tell me more", "/reset", "who am I?", "go on"]) {
    await story.say("ada", text);
  }
  await story.channel.sending("re: go on");
  expect(story.texts("ada")).toEqual([
    "re: my secret",
    "re: tell me more",
    "Forgotten.",
    "re: who am I?",
    "re: go on",
  ]);
  expect(prompts).toEqual([
    "system: Be kind.\nuser: my secret",
    "system: Be kind.\nuser: my secret\nassistant: re: my secret\nuser: tell me more",
    "system: Be kind.\nuser: who am I?",
    "system: Be kind.\nuser: who am I?\nassistant: re: who am I?\nuser: go on",
  ]);
});

test("participant data survives a reset, whoever wrote it", async () => {
  const seen: unknown[] = [];
  const bot = createScriptedBot(async (call) => {
    seen.push(await call.turn.participantData());
    if (call.texts[0] !== "remember") return call.reply("ok");
    call.reply({ replies: [{ content: "ok" }], participantData: { exercise: "squats", nested: { a: 1 } } });
  });
  await using story = await startGatedStory({ bot });
  for (const text of ["remember", "/reset", "recall"]) await story.say("ada", text);
  await eventually(() => expect(seen).toEqual([{}, { exercise: "squats", nested: { a: 1 } }]));
});

test("messages directly after a /reset belong to the new session and follow its reply", async () => {
  await using story = await startGatedStory();
  const chats = Array.from({ length: 20 }, (_, n) => `chat-${n}`);
  await Promise.all(
    chats.map((chat) =>
      story.sayTogether(
        ["before", "/reset", "after", "later"].map((text) => ({ chat, text, key: `${chat}/${text}` })),
      ),
    ),
  );
  await eventually(() => {
    for (const chat of chats) {
      expect(story.texts(chat)).toEqual(["re: before", "Conversation reset.", "re: after", "re: later"]);
    }
  });
  const misplaced = await story.rows(
    `SELECT m.content FROM messages m JOIN sessions s ON s.id = m.session_id
     WHERE m.role = 'user' AND (s.status = 'active') <> (m.content IN ('after', 'later'))`,
  );
  expect(misplaced).toEqual([]);
});

test("a /reset waits for the running turn, and later messages wait for the reset", async () => {
  const bot = createScriptedBot((call) => {
    if (call.texts[0] !== "slow") call.reply(`re: ${call.texts[0]}`);
  });
  await using story = await startGatedStory({ bot });
  await story.say("ada", "slow");
  const slow = await bot.asked("slow");
  for (const text of ["/reset", "/reset", "fresh"]) await story.say("ada", text);
  slow.reply("done at last");
  await story.channel.sending("re: fresh");
  expect(story.texts("ada")).toEqual([
    "done at last",
    "Conversation reset.",
    "Conversation reset.",
    "re: fresh",
  ]);
  const sessions = await story.rows(SESSIONS);
  expect(sessions.map(({ status }) => status).toSorted()).toEqual(["active", "completed", "completed"]);
});

test("messages that wait when the bot ends the session are answered in the next session", async () => {
  const bot = createScriptedBot((call) => {
    if (call.texts[0] !== "bye") call.reply(`re: ${call.texts[0]}`);
  });
  // The next session opens at once, without the reconciler.
  await using story = await startGatedStory({ bot, times: { reconcileMs: 60_000 } });
  await story.say("ada", "bye");
  const bye = await bot.asked("bye");
  for (const text of ["one more thing", "and another"]) await story.say("ada", text);
  bye.reply({ replies: [{ content: "goodbye" }], endSession: true });
  await story.channel.sending("re: and another");
  expect(story.texts("ada")).toEqual(["goodbye", "re: one more thing", "re: and another"]);

  const [old, fresh] = await story.rows(SESSIONS);
  expect(old).toMatchObject({ status: "completed", end_reason: "bot", next_id: fresh?.id });
  expect(bye.turn.session.id).toBe(old?.id);
  expect((await bot.asked("one more thing")).turn.session.id).toBe(fresh?.id);
  expect(await story.rows("SELECT 1 FROM executions WHERE status <> 'completed'")).toEqual([]);
});

test("a message to a session that the bot has ended opens a new one", async () => {
  const bot = createScriptedBot((call) => call.reply({ replies: [{ content: "bye" }], endSession: true }));
  await using story = await startGatedStory({ bot });
  await story.say("ada", "first");
  await eventually(async () =>
    expect(await story.rows(SESSIONS)).toMatchObject([{ status: "completed", end_reason: "bot" }]),
  );
  await story.say("ada", "second");
  await eventually(() => expect(story.texts("ada")).toEqual(["bye", "bye"]));
  expect(bot.calls[0]?.turn.session.id).not.toBe(bot.calls[1]?.turn.session.id);
});

test("each thread has its own session where a user may have several, and /reset is ordinary text", async () => {
  const channel = createGatedChannel(undefined, { sessions: "many", resetCommand: false });
  await using story = await startGatedStory({ channel });
  await Promise.all(
    ["t1", "t2", "t1", "t2"].map((thread, n) => story.say("ada", `m${n}`, { thread, key: `key-${n}` })),
  );
  await story.say("ada", "/reset", { thread: "t1" });
  await channel.sending("re: /reset");
  await eventually(() => expect(channel.sends).toHaveLength(5));
  expect(await story.rows("SELECT external_id, status FROM sessions ORDER BY 1")).toEqual([
    { external_id: "t1", status: "active" },
    { external_id: "t2", status: "active" },
  ]);
  expect(await story.rows("SELECT 1 FROM users")).toHaveLength(1);
});

test("two groups, a topic and a private chat of one person are four sessions without shared history", async () => {
  await using story = await startTelegramStory();
  const from = privateMessage(31, "").message.from;
  const group = (id: number, text: string, more = {}) => {
    const update = privateMessage(31, text);
    return {
      ...update,
      message: { ...update.message, from, chat: { id, type: "supergroup", title: "G" }, ...more },
    };
  };
  await story.say(31, "private");
  await story.post(group(-100_1, "@causeway_bot one"));
  await story.post(group(-100_2, "@causeway_bot two"));
  await story.post(group(-100_2, "@causeway_bot topic", { is_topic_message: true, message_thread_id: 5 }));
  await eventually(() => expect(story.fake.sent).toHaveLength(4));
  expect(story.texts(31)).toEqual(["You said: private"]);
  expect(story.texts(-100_1)).toEqual(["You said: one"]);
  expect(
    story
      .sentTo(-100_2)
      .map(({ text, threadId }) => [text, threadId])
      .toSorted(),
  ).toEqual([
    ["You said: topic", 5],
    ["You said: two", null],
  ]);
  expect(await story.rows("SELECT DISTINCT id FROM sessions")).toHaveLength(4);
});

test("an event with several platform keys counts once, whichever key it arrives with", async () => {
  await using story = await startGatedStory();
  await story.say("ada", "hello", { key: ["a", "b"] });
  const again: [string, ...string[]][] = [["b"], ["c", "b"], ["a"], ["a", "b"]];
  await Promise.all(again.map((key) => story.say("ada", "hello", { key })));
  await story.say("ada", "hello", { key: ["c", "d"] });
  await story.say("ada", "new", { key: ["e", "f"] });
  await story.channel.sending("re: new");
  expect(story.texts("ada")).toEqual(["re: hello", "re: new"]);
});

test("single and multiple sessions under load together answer everything in order without failures", async () => {
  const threads = createGatedChannel(undefined, { sessions: "many", resetCommand: false }, "threads");
  const bot = createScriptedBot((call) =>
    call.reply({
      replies: [{ content: `re: ${call.texts[0]}` }],
      participantData: { last: call.texts[0] ?? "" },
    }),
  );
  await using story = await startGatedStory({ bot, others: { threads } });
  const names = Array.from({ length: 15 }, (_, n) => `place-${n}`);
  const numbers = Array.from({ length: 6 }, (_, n) => `m${n}`);
  await Promise.all(
    names.flatMap((name) =>
      [{}, { channel: "threads", thread: name }].map(async (where) => {
        for (const text of numbers) await story.say(name, text, where);
      }),
    ),
  );
  const answers = numbers.map((text) => `re: ${text}`);
  await eventually(() => {
    for (const name of names) {
      expect(story.texts(name)).toEqual(answers);
      const inThread = threads.sends.filter(({ part }) => part.address === name);
      expect(inThread.map(({ part }) => part.text)).toEqual(answers);
    }
  });
  expect(story.app.log.filter(({ level }) => level === "error" || level === "warn")).toEqual([]);
});
