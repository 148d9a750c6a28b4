import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { closeDatabase } from "./database-outage.ts";
import { privateMessage, startTelegramStory } from "./telegram-story.ts";

const CHAT = 777_001;

test("an update with the right secret gets one answer through apiRoot", async () => {
  await using story = await startTelegramStory();

  expect(await story.say(CHAT, "hello")).toBe(200);
  await eventually(() => expect(story.texts(CHAT)).toEqual(["You said: hello"]));

  const [delivery] = await eventually(async () => {
    const found = await story.rows("SELECT * FROM deliveries WHERE status = 'sent'");
    expect(found).toHaveLength(1);
    return found;
  });
  const messageId = story.sentTo(CHAT)[0]?.messageId;
  expect(delivery).toMatchObject({
    external_ids: [`${CHAT}:${messageId}`],
    attempts: 1,
    possible_duplicate: false,
  });
  expect(await story.rows("SELECT status, attempts FROM executions")).toEqual([
    { status: "completed", attempts: 1 },
  ]);
  expect(await story.rows("SELECT role, origin, seq, content FROM messages ORDER BY seq")).toEqual([
    { role: "user", origin: "user", seq: 1, content: "hello" },
    { role: "assistant", origin: "bot", seq: 2, content: "You said: hello" },
  ]);
});

test.each([
  ["a wrong secret", "guess", 401],
  ["no secret", null, 401],
])("an update with %s is refused and stores no row", async (_, secret, status) => {
  await using story = await startTelegramStory();
  expect(await story.post(privateMessage(CHAT, "let me in"), { secret })).toBe(status);
  // Only the message accepted afterwards is stored.
  expect(await story.say(CHAT, "hello")).toBe(200);
  expect(await story.rows("SELECT content FROM messages WHERE role = 'user'")).toEqual([
    { content: "hello" },
  ]);
  expect(await story.rows("SELECT 1 FROM inbound_events")).toHaveLength(1);
});

test("a body that is too large, of another type, or not an update is refused and stores no row", async () => {
  await using story = await startTelegramStory();
  expect(await story.say(CHAT, "x".repeat(4 * 1024 * 1024))).toBe(413);
  expect(await story.post(privateMessage(CHAT, "hi"), { contentType: "text/plain" })).toBe(415);
  expect(await story.post({ hello: "world" })).toBe(400);
  expect(await story.post(privateMessage(CHAT, "hi"), { channel: "nowhere" })).toBe(404);
  expect(await story.rows("SELECT 1 FROM inbound_events UNION ALL SELECT 1 FROM messages")).toEqual([]);
});

test("answers a message whose sender has a name the database cannot store", async () => {
  await using story = await startTelegramStory();
  const { message, ...update } = privateMessage(CHAT, "hello");
  for (const username of ["a\u0000b", "half \ud83d"]) {
    const from = { ...message.from, username };
    expect(await story.post({ ...update, message: { ...message, from } })).toBe(200);
  }
  await eventually(() => expect(story.texts(CHAT)).toEqual(["You said: hello"]));
});

test("an update that arrives again, in parallel and out of order, is answered once", async () => {
  await using story = await startTelegramStory();
  const updates = [1, 2, 3].map((n) => privateMessage(CHAT, `message ${n}`));
  const deliveries = [...updates, ...updates.toReversed(), ...updates, ...updates.toReversed()];
  const statuses = await Promise.all(deliveries.map((update) => story.post(update)));
  expect(new Set(statuses)).toEqual(new Set([200]));

  await eventually(() => expect(story.texts(CHAT)).toHaveLength(3));
  // Much later the platform tries once more.
  for (const update of updates) expect(await story.post(update)).toBe(200);
  await story.say(CHAT, "last");
  await eventually(() => expect(story.texts(CHAT)).toHaveLength(4));
  expect(story.texts(CHAT).toSorted()).toEqual(
    ["You said: last", ...[1, 2, 3].map((n) => `You said: message ${n}`)].toSorted(),
  );
  expect(story.texts(CHAT).at(-1)).toBe("You said: last");
  expect(await story.rows("SELECT 1 FROM executions")).toHaveLength(4);
});

test("two messages of a new user at the same moment open one session and both get answers", async () => {
  await using story = await startTelegramStory();
  const chats = Array.from({ length: 25 }, (_, n) => 1_000 + n);
  await Promise.all(chats.flatMap((chat) => [story.say(chat, "first"), story.say(chat, "second")]));

  await eventually(() => expect(story.fake.sent).toHaveLength(50));
  const sessions = await story.rows(
    "SELECT user_id, count(*)::int AS n FROM sessions WHERE status = 'active' GROUP BY 1 ORDER BY 2 DESC",
  );
  expect(sessions).toHaveLength(25);
  expect(sessions[0]).toMatchObject({ n: 1 });
  for (const chat of chats) {
    const asked = await story.rows<{ content: string }>(
      `SELECT m.content FROM messages m JOIN sessions s ON s.id = m.session_id
       WHERE s.address = $1 AND m.role = 'user' ORDER BY m.seq`,
      [String(chat)],
    );
    expect(story.texts(chat)).toEqual(asked.map(({ content }) => `You said: ${content}`));
  }
});

test("200 messages in 20 chats each get one answer, in order within each chat", async () => {
  await using story = await startTelegramStory();
  const chats = Array.from({ length: 20 }, (_, n) => 2_000 + n);
  const numbers = Array.from({ length: 10 }, (_, n) => n);
  await Promise.all(
    chats.map(async (chat) => {
      for (const n of numbers) expect(await story.say(chat, `m${n}`)).toBe(200);
    }),
  );
  await eventually(() => expect(story.fake.sent).toHaveLength(200), { timeoutMs: 30_000 });
  for (const chat of chats) expect(story.texts(chat)).toEqual(numbers.map((n) => `You said: m${n}`));
  await eventually(async () => {
    const open = await story.rows("SELECT status, possible_duplicate FROM deliveries WHERE status <> 'sent'");
    expect(open).toEqual([]);
  });
  expect(await story.rows("SELECT 1 FROM deliveries WHERE possible_duplicate")).toEqual([]);
});

test("no update is accepted while the database is away, and repeated updates are answered once afterwards", async () => {
  await using story = await startTelegramStory();
  await story.say(CHAT, "before");
  await eventually(() => expect(story.texts(CHAT)).toHaveLength(1));

  const update = privateMessage(CHAT, "during");
  await using outage = await closeDatabase(story.app.database);
  expect(await story.post(update)).toBe(503);
  expect((await fetch(`${story.app.url}/readyz`)).status).toBe(503);
  expect((await fetch(`${story.app.url}/livez`)).status).toBe(200);
  await outage.end();

  await eventually(async () => expect(await story.post(update)).toBe(200));
  expect(await story.post(update)).toBe(200);
  await eventually(() => expect(story.texts(CHAT)).toEqual(["You said: before", "You said: during"]));
});

test("the button below a draft stops the answer, and none of it is sent", async () => {
  const say = Array.from({ length: 200 }, (_, n) => `word${n}`).join(" ");
  await using story = await startTelegramStory({
    agent: {
      bot: { type: "script", replies: [{ match: "long", say, wordDelayMs: 50 }], sequence: [{ say: "ok" }] },
    },
  });
  await story.say(CHAT, "tell me something long");
  await eventually(() => expect(story.fake.drafts).toMatchObject([{ chatId: CHAT }]));
  const chat = { id: CHAT, type: "private", first_name: "Ada" };
  const stopped_message_generation = { chat, draft_id: story.fake.drafts[0]?.draftId };
  expect(await story.post({ update_id: 900_001, stopped_message_generation })).toBe(200);
  await eventually(async () =>
    expect(await story.rows("SELECT status, error_code FROM executions")).toEqual([
      { status: "cancelled", error_code: "cancelled" },
    ]),
  );
  await story.say(CHAT, "short");
  await eventually(() => expect(story.texts(CHAT)).toEqual(["ok"]));
});
