import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { createGatedChannel, sent } from "../support/gated-channel.ts";
import { createScriptedBot } from "../support/scripted-bot.ts";
import { closeDatabase } from "./database-outage.ts";
import { startGatedStory } from "./gated-story.ts";
import { privateMessage, startTelegramStory, telegramTo } from "./telegram-story.ts";

const DELIVERIES = "SELECT * FROM deliveries ORDER BY ordinal";

/** Long enough for a busy machine to answer everybody else meanwhile. */
const FLOOD = { answer: 429, description: "Too Many Requests", parameters: { retry_after: 8 } };
const PAUSED = "SELECT paused_until FROM channels WHERE name = 'telegram'";

test("a flood limit of one chat pauses only that chat, for as long as Telegram says", async () => {
  await using story = await startTelegramStory();
  story.fake.fail(FLOOD);
  await story.say(1, "limited");
  await eventually(async () => expect(await story.rows(DELIVERIES)).toMatchObject([{ attempts: 1 }]));
  await story.say(1, "waits");
  for (const chat of [2, 3, 4]) await story.say(chat, "goes on");
  await eventually(() => expect(story.fake.sent).toHaveLength(3));
  expect(story.texts(1)).toEqual([]);
  expect(await story.rows(PAUSED)).toEqual([{ paused_until: null }]);
  await eventually(() => expect(story.texts(1)).toEqual(["You said: limited", "You said: waits"]), {
    timeoutMs: 30_000,
  });
});

test("a flood limit in a second chat pauses the whole channel, but no other channel, and keeps the order", async () => {
  await using story = await startTelegramStory({
    channels: (fake) => ({ telegram: telegramTo(fake), second: { ...telegramTo(fake), enabled: true } }),
  });
  story.fake.fail({ ...FLOOD, parameters: { retry_after: 60 } });
  await story.say(1, "limited");
  await eventually(async () => expect(await story.rows(DELIVERIES)).toMatchObject([{ attempts: 1 }]));
  story.fake.fail(FLOOD);
  await story.say(2, "limited");
  const refusal = await eventually(async () => {
    const [channel] = await story.rows<{ paused_until: Date | null }>(PAUSED);
    expect(channel?.paused_until).toBeInstanceOf(Date);
    return channel?.paused_until as Date;
  });
  // Other conversations of the channel wait too. The other channel does not.
  for (const chat of [2, 3]) await story.say(chat, "waits");
  await story.post(privateMessage(4, "goes on"), { channel: "second" });
  await eventually(() => expect(story.texts(4)).toEqual(["You said: goes on"]));
  expect(story.fake.sent).toHaveLength(1);

  await eventually(() => expect(story.fake.sent).toHaveLength(4), { timeoutMs: 30_000 });
  expect(story.texts(2)).toEqual(["You said: limited", "You said: waits"]);
  await eventually(async () => {
    for (const { status, sent_at: at, address } of await story.rows(DELIVERIES)) {
      if (address === "1") continue;
      expect(status).toBe("sent");
      if (address !== "4") expect((at as Date).getTime()).toBeGreaterThanOrEqual(refusal.getTime());
    }
  });
});

test("a flood limit also delays sends that were about to start when it arrived", async () => {
  const channel = createGatedChannel(() => undefined);
  const bot = createScriptedBot((call) => call.reply({ replies: [{ content: "one" }, { content: "two" }] }));
  await using story = await startGatedStory({ channel, bot });
  await Promise.all([story.say("ada", "hi"), story.say("bob", "hi")]);
  const [toAda, toBob] = await eventually(() => {
    const [one, other] = channel.sends.toSorted((a, b) => a.part.address.localeCompare(b.part.address));
    expect([one?.part.address, other?.part.address]).toEqual(["ada", "bob"]);
    return [one, other];
  });
  toAda?.settle({ kind: "retry", scope: "connection", code: "429", reason: "slow down", afterMs: 5_000 });
  const over = await eventually(async () => {
    const [paused] = await story.rows<{ until: Date }>(
      "SELECT paused_until AS until FROM channels WHERE paused_until > now()",
    );
    expect(paused).toBeDefined();
    return paused?.until.getTime() ?? Number.NaN;
  });
  toBob?.settle(sent());

  for (let n = 2; n < 5; n++) {
    const next = await eventually(() => {
      expect(channel.sends.length).toBeGreaterThan(n);
      return channel.sends[n];
    });
    expect(Date.now()).toBeGreaterThanOrEqual(over);
    next?.settle(sent());
  }
  await eventually(() => expect(story.texts("ada")).toEqual(["one", "one", "two"]));
  expect(story.texts("bob")).toEqual(["one", "two"]);
});

test("a send starts only if its claim lasts longer than the send, so no other process repeats it", async () => {
  const channel = createGatedChannel(() => undefined);
  const bot = createScriptedBot((call) => call.reply({ replies: [{ content: "one" }, { content: "two" }] }));
  await using story = await startGatedStory({
    channel,
    bot,
    times: { sendLeaseMs: 2_000, sendTimeoutMs: 1_000 },
  });
  const claimed = () =>
    story.rows<{ until: Date }>("SELECT claimed_until AS until FROM deliveries WHERE content = 'two'");
  await story.say("ada", "hi");
  const one = await channel.sending("one");
  // Both were claimed together. The first send is so slow that the second would last longer than the claim.
  const [before] = await eventually(async () => {
    expect(
      await story.rows("SELECT 1 FROM deliveries WHERE claimed_until < now() + interval '0.9 s'"),
    ).toHaveLength(2);
    return claimed();
  });
  one.settle(sent());
  const two = await channel.sending("two");
  expect((await claimed())[0]?.until.getTime()).toBeGreaterThan(before?.until.getTime() ?? Number.NaN);
  two.settle(sent());
  await eventually(async () => {
    expect(await story.rows("SELECT DISTINCT status, attempts FROM deliveries")).toEqual([
      { status: "sent", attempts: 1 },
    ]);
  });
});

test("a user who blocked the bot gets a failed delivery with a reason, and other users notice nothing", async () => {
  await using story = await startTelegramStory();
  story.fake.fail({ answer: 403, description: "Forbidden: bot was blocked by the user" });
  await story.say(1, "hello");
  await eventually(async () =>
    expect(await story.rows(DELIVERIES)).toMatchObject([
      { status: "failed", error_code: "telegram_403", attempts: 1 },
    ]),
  );
  await story.say(2, "hello");
  const reachable = async () => (await story.app.api("GET", "/users?identifier=1")).body.data[0].reachable;
  await eventually(async () =>
    expect(await reachable()).toEqual({
      ok: false,
      code: "telegram_403",
      reason: expect.stringContaining("blocked by the user"),
      since: expect.any(String),
    }),
  );
  await story.say(1, "I am back");
  await eventually(() => expect(story.texts(1)).toEqual(["You said: I am back"]));
  expect(await reachable()).toEqual({ ok: true, code: null, reason: null, since: null });
  await eventually(() => expect(story.texts(2)).toEqual(["You said: hello"]));
  const [failed] = await story.rows("SELECT error FROM deliveries WHERE status = 'failed'");
  expect(failed?.error).toContain("blocked by the user");
});

test("sends to a platform that is down are repeated in order until it is back", async () => {
  await using story = await startTelegramStory();
  story.fake.fail({ answer: 500, description: "Internal Server Error" });
  for (const text of ["one", "two", "three"]) await story.say(1, text);
  await eventually(() =>
    expect(story.texts(1)).toEqual(["one", "two", "three"].map((t) => `You said: ${t}`)),
  );
  await eventually(async () => {
    const rows = await story.rows(DELIVERIES);
    expect(rows.map(({ status }) => status)).toEqual(["sent", "sent", "sent"]);
    expect(rows[0]).toMatchObject({ attempts: 2, possible_duplicate: false });
  });
});

test("a delivery that waits behind a failing one uses none of its own attempts", async () => {
  let refusals = 4;
  const channel = createGatedChannel((send) => {
    const refuse = send.part.text === "re: one" && refusals-- > 0;
    send.settle(
      refuse ? { kind: "retry", scope: "conversation", code: "busy", reason: "busy", afterMs: 20 } : sent(),
    );
  });
  const bot = createScriptedBot(() => undefined);
  await using story = await startGatedStory({ channel, bot });
  await story.say("ada", "go");
  (await bot.asked("go")).reply({ replies: [{ content: "re: one" }, { content: "re: two" }] });
  await channel.sending("re: two");
  await eventually(async () =>
    expect(await story.rows("SELECT content, status, attempts FROM deliveries ORDER BY ordinal")).toEqual([
      { content: "re: one", status: "sent", attempts: 5 },
      { content: "re: two", status: "sent", attempts: 1 },
    ]),
  );
});

test("a group that became a supergroup gets messages at its new address, in order, in the same session", async () => {
  const channel = createGatedChannel((send) =>
    send.settle(send.part.address === "old" ? { kind: "moved", address: "new" } : sent()),
  );
  const bot = createScriptedBot((call) =>
    call.reply({ replies: [1, 2, 3].map((n) => ({ content: `${call.texts[0]}${n}` })) }),
  );
  await using story = await startGatedStory({ channel, bot });
  await story.say("old", "a");
  await eventually(() => expect(story.texts("new")).toEqual(["a1", "a2", "a3"]));
  expect(story.texts("old")).toEqual(["a1"]);

  await story.say("new", "b");
  await eventually(() => expect(story.texts("new")).toEqual(["a1", "a2", "a3", "b1", "b2", "b3"]));
  expect(await story.rows("SELECT status, address FROM sessions")).toEqual([
    { status: "active", address: "new" },
  ]);
  expect(await story.rows("SELECT identifier FROM users")).toEqual([{ identifier: "new" }]);
});

test("a chat's new address is used after a refused send or an update from Telegram reports it", async () => {
  await using story = await startTelegramStory();
  story.fake.fail({
    answer: 400,
    description: "Bad Request: group chat was upgraded to a supergroup chat",
    parameters: { migrate_to_chat_id: -100_77 },
  });
  const inGroup = (text: string, id: number, more = {}) => {
    const update = privateMessage(31, text);
    return { ...update, message: { ...update.message, chat: { id, type: "group", title: "G" }, ...more } };
  };
  await story.post(inGroup("@causeway_bot hello", -77));
  await eventually(() => expect(story.texts(-100_77)).toEqual(["You said: hello"]));
  expect(story.texts(-77)).toEqual([]);

  await story.post(inGroup("@causeway_bot one", -88));
  await eventually(() => expect(story.texts(-88)).toEqual(["You said: one"]));
  await story.post(inGroup("", -88, { text: undefined, migrate_to_chat_id: -100_88 }));
  await story.post(inGroup("@causeway_bot two", -100_88));
  await eventually(() => expect(story.texts(-100_88)).toEqual(["You said: two"]));
  expect(await story.rows("SELECT address FROM sessions ORDER BY created_at")).toEqual([
    { address: "-10077" },
    { address: "-10088" },
  ]);
});

test("a send without an answer is repeated without a mark if the platform drops duplicates", async () => {
  const channel = createGatedChannel(() => undefined, { idempotentSends: true });
  await using story = await startGatedStory({ channel });
  await story.say("ada", "hello");
  const first = await channel.sending("re: hello");
  first.settle({ kind: "unknown", code: "cut", reason: "cut" });
  await eventually(async () =>
    expect((await story.rows(DELIVERIES))[0]).toMatchObject({ status: "unknown", possible_duplicate: false }),
  );
  const again = await channel.sending("re: hello", 2);
  expect(again.part.deliveryId).toBe(first.part.deliveryId);
  again.settle(sent());
  await eventually(async () =>
    expect((await story.rows(DELIVERIES))[0]).toMatchObject({ status: "sent", possible_duplicate: false }),
  );
});

test("a send without an answer is unknown, is repeated, and is marked as a possible duplicate", async () => {
  await using story = await startTelegramStory();
  story.fake.fail({ cut: "after" });
  await story.say(1, "hello");
  await story.say(1, "more");
  await eventually(async () => {
    expect((await story.rows(DELIVERIES))[0]).toMatchObject({ status: "unknown", possible_duplicate: true });
  });
  await eventually(() =>
    expect(story.texts(1)).toEqual(["You said: hello", "You said: hello", "You said: more"]),
  );
  await eventually(async () => {
    const rows = await story.rows(DELIVERIES);
    expect(rows.map((row) => [row.status, row.possible_duplicate, row.attempts])).toEqual([
      ["sent", true, 2],
      ["sent", false, 1],
    ]);
  });
});

test("a send that never gets an answer is left to an operator and does not stop later messages", async () => {
  const channel = createGatedChannel((send) =>
    send.settle(send.part.text === "re: lost" ? { kind: "unknown", code: "cut", reason: "cut" } : sent()),
  );
  await using story = await startGatedStory({ channel });
  await story.say("ada", "lost");
  await story.say("ada", "next");
  await channel.sending("re: next");
  expect(story.texts("ada")).toEqual(["re: lost", "re: lost", "re: lost", "re: next"]);
  await eventually(async () =>
    expect(await story.rows(DELIVERIES)).toMatchObject([
      { status: "unknown", attempts: 3, next_attempt_at: null, error_code: "cut" },
      { status: "sent", possible_duplicate: false },
    ]),
  );
});

test("a send that succeeds during a database outage is recorded afterwards and not repeated", async () => {
  const channel = createGatedChannel(() => undefined);
  await using story = await startGatedStory({ channel, times: { sendLeaseMs: 20_000 } });
  await story.say("ada", "hello");
  const send = await channel.sending("re: hello");
  await using outage = await closeDatabase(story.app.database);
  send.settle(sent());
  // Long enough for the record to fail: the service reports a database outage.
  await eventually(async () => expect((await fetch(`${story.app.url}/readyz`)).status).toBe(503));
  await outage.end();
  await eventually(
    async () =>
      expect(await story.rows(DELIVERIES)).toMatchObject([{ status: "sent", possible_duplicate: false }]),
    { timeoutMs: 30_000 },
  );
  expect(channel.sends).toHaveLength(1);
});

test("a long reply arrives complete in ordered parts, even if one part is repeated", async () => {
  await using story = await startTelegramStory({
    agent: { bot: { type: "scripted" } },
    bots: {
      scripted: createScriptedBot((call) => call.reply(call.texts[0] === "long" ? LONG : "short")).definition,
    },
  });
  story.fake.fail({ answer: 500, description: "Internal Server Error" });
  await story.say(1, "long");
  await story.say(1, "next");
  await eventually(() => expect(story.texts(1).at(-1)).toBe("short"));
  const parts = story.texts(1).slice(0, -1);
  expect(parts.length).toBeGreaterThan(4);
  expect(parts.join("").replaceAll(/\s/g, "")).toBe(LONG.replaceAll(/\s/g, ""));
  const rows = await story.rows<{ part: number; message_id: string }>(DELIVERIES);
  expect(rows.map(({ part }) => part)).toEqual([...parts.keys(), 0]);
  expect(new Set(rows.map(({ message_id }) => message_id)).size).toBe(2);
});

const LONG = Array.from({ length: 4_000 }, (_, n) => `word${n}`).join(" ");

test("a reply that arrives before its question is recorded as sent does not repeat the question", async () => {
  const channel = createGatedChannel(() => undefined, { sessions: "many", addressesUsers: true });
  await using story = await startGatedStory({ channel });
  const asked = { agent_id: "agent", channel: "gated", identifier: "ada", message_text: "How are you?" };
  expect((await story.app.api("POST", "/trigger_bot_message", asked)).status).toBe(202);
  const first = await channel.sending("How are you?");
  await story.say("ada", "fine", { thread: "thread-1" });
  first.settle({ kind: "sent", externalIds: ["m-1"], began: "thread-1" });
  await eventually(async () =>
    expect(
      await story.rows("SELECT status, attempts FROM deliveries WHERE content = 'How are you?'"),
    ).toEqual([{ status: "sent", attempts: 1 }]),
  );
  (await channel.sending("re: fine")).settle(sent());
  expect(channel.sends.map(({ part }) => part.address)).toEqual(["ada", "thread-1"]);
});

test("a platform text that Postgres cannot store does not stop messages and outcomes from being stored", async () => {
  const channel = createGatedChannel((send) =>
    send.settle({ kind: "failed", scope: "user", code: "blocked", reason: "gone\u0000 away" }),
  );
  await using story = await startGatedStory({ channel });
  await story.say("eve\u0000", "hello", { key: "odd\u0000key" });
  await eventually(async () =>
    expect(await story.rows("SELECT address, status, attempts, error FROM deliveries")).toEqual([
      { address: "eve\uFFFD", status: "failed", attempts: 1, error: "gone\uFFFD away" },
    ]),
  );
  expect((await story.app.api("GET", "/users")).body.data).toMatchObject([
    { identifier: "eve\uFFFD", reachable: { ok: false, reason: "gone\uFFFD away" } },
  ]);
  // Ids are looked up before the message is stored.
  const more = { references: [{ kind: "reply" as const, externalId: "wamid.\u0000" }] };
  await story.say("bob", "and this?", { more });
  await story.receipt({ externalId: "odd\u0000id", state: "delivered" });
  await channel.sending("re: and this?");
});
