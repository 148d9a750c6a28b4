import { expect, test } from "vitest";
import { startGatedStory } from "../stories/gated-story.ts";
import { privateMessage, startTelegramStory } from "../stories/telegram-story.ts";
import { startTestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { png } from "../support/files.ts";
import { startLossyPostgres } from "../support/lossy-postgres.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { createScriptedBot } from "../support/scripted-bot.ts";

/** Leases so long that a test which waits for one to expire fails. */
const ENDLESS = { leaseMs: 3_600_000, sendLeaseMs: 3_600_000, sendTimeoutMs: 600_000 };

const FILE = "https://files.example.org/plan.pdf";

/** Every statement that takes or ends a lease or a claim while a message is handled. */
const STATEMENTS = {
  "storing the message": /WITH incoming AS/,
  "the end of the turn": /WITH done AS/,
  "claiming the delivery": /WITH wanted AS/,
  "recording the delivery": /WITH outcome AS/,
};

for (const [name, statement] of Object.entries(STATEMENTS)) {
  for (const when of ["before", "after"] as const) {
    test(`a connection cut ${when} ${name} loses nothing: one answer arrives at once, without a duplicate mark`, async () => {
      await using database = await createTestDatabase();
      await using lossy = await startLossyPostgres(database.url);
      // The commit of a turn claims plain replies itself, but no files.
      const attachments = statement === STATEMENTS["claiming the delivery"] ? [{ url: FILE }] : [];
      const bot = createScriptedBot((call) =>
        call.reply({ replies: call.texts.map((text) => ({ content: `re: ${text}`, attachments })) }),
      );
      const env = { DATABASE_URL: lossy.url };
      await using story = await startGatedStory({ database, env, bot, times: ENDLESS });
      const parts = 1 + attachments.length;
      const answered = (...texts: string[]) =>
        eventually(() => {
          expect(story.texts("ada").filter((text) => !text.endsWith(FILE))).toEqual(texts);
          expect(story.texts("ada")).toHaveLength(texts.length * parts);
        });
      await story.say("ada", "first");
      await answered("re: first");

      const loss = lossy.lose(statement, { when });
      await story.say("ada", "second");
      await answered("re: first", "re: second");
      await story.say("ada", "third");
      await answered("re: first", "re: second", "re: third");
      expect(loss.count()).toBe(1);
      expect(bot.calls.map(({ texts }) => texts)).toEqual([["first"], ["second"], ["third"]]);
      await eventually(async () =>
        expect(await story.rows("SELECT status, attempts, possible_duplicate FROM deliveries")).toEqual(
          Array(3 * parts).fill({ status: "sent", attempts: 1, possible_duplicate: false }),
        ),
      );
    });
  }
}

test.each(["before", "after"] as const)(
  "a connection cut %s the commit of a reset loses nothing: one new session opens and answers waiting messages",
  async (when) => {
    await using database = await createTestDatabase();
    await using lossy = await startLossyPostgres(database.url);
    await using story = await startGatedStory({ database, env: { DATABASE_URL: lossy.url }, times: ENDLESS });
    await story.say("ada", "first");
    await eventually(() => expect(story.texts("ada")).toEqual(["re: first"]));
    const loss = lossy.lose(/end_reason/, { when, commit: true });
    await story.sayTogether([
      { chat: "ada", text: "/reset", key: "reset" },
      { chat: "ada", text: "second", key: "second" },
    ]);
    await eventually(() =>
      expect(story.texts("ada").toSorted()).toEqual(["Conversation reset.", "re: first", "re: second"]),
    );
    expect(loss.count()).toBe(1);
    expect(await story.rows("SELECT status FROM sessions ORDER BY created_at")).toEqual([
      { status: "completed" },
      { status: "active" },
    ]);
  },
);

test.each(["before", "after"] as const)(
  "a connection cut %s the commit of a turn that also writes data loses nothing: the data is written once",
  async (when) => {
    await using database = await createTestDatabase();
    await using lossy = await startLossyPostgres(database.url);
    const bot = createScriptedBot((call) =>
      call.reply({ replies: [{ content: "noted" }], participantData: { mood: "well" } }),
    );
    await using story = await startGatedStory({
      database,
      env: { DATABASE_URL: lossy.url },
      bot,
      times: ENDLESS,
    });
    const loss = lossy.lose(/WITH done AS/, { when, commit: true });
    await story.say("ada", "well");
    await eventually(() => expect(story.texts("ada")).toEqual(["noted"]));
    expect([loss.count(), bot.calls.length]).toEqual([1, 1]);
    expect(await story.rows("SELECT data, revision FROM participant_data")).toMatchObject([
      { data: { mood: "well" }, revision: 1 },
    ]);
  },
);

test.each(["before", "after"] as const)(
  "a connection cut %s the claim of a session loses nothing: the triggered message is sent",
  async (when) => {
    await using database = await createTestDatabase();
    await using lossy = await startLossyPostgres(database.url);
    const bot = createScriptedBot((call) => call.reply(`re: ${call.texts[0]}`));
    await using story = await startGatedStory({
      database,
      env: { DATABASE_URL: lossy.url },
      bot,
      times: ENDLESS,
    });
    const loss = lossy.lose(/WITH taken AS/, { when });
    const answer = await story.app.api("POST", "/trigger_bot_message", {
      agent_id: "agent",
      channel: "gated",
      identifier: "ada",
      prompt_text: "say hello",
    });
    expect(answer.status).toBe(202);
    await eventually(() => expect(story.texts("ada")).toEqual(["re: say hello"]));
    expect([loss.count(), bot.calls.length]).toEqual([1, 1]);
  },
);

test.each(["before", "after"] as const)(
  "a connection cut %s the claim of event rules or scheduled messages loses nothing: each runs once",
  async (when) => {
    await using database = await createTestDatabase();
    await using lossy = await startLossyPostgres(database.url);
    const events = [{ on: "session_started", do: [{ action: "send_message", text: "Welcome." }] }];
    await using story = await startGatedStory({
      database,
      env: { DATABASE_URL: lossy.url },
      agent: { events },
      times: ENDLESS,
    });
    const claims = [
      lossy.lose(/UPDATE event_log l SET status = 'running'/, { when }),
      lossy.lose(/UPDATE schedule_runs r SET attempts/, { when }),
    ];
    const ends = [
      lossy.lose(/SET actions_done/, { when }),
      lossy.lose(/UPDATE event_log SET ended_at/, { when }),
      lossy.lose(/UPDATE schedule_runs SET status = 'sent'/, { when }),
    ];
    await story.say("ada", "hello");
    const scheduled = await story.app.api("POST", "/schedules", {
      agent_id: "agent",
      channel: "gated",
      identifier: "ada",
      message_text: "Later.",
      at: new Date(Date.now() + 1_000),
    });
    expect(scheduled.status).toBe(201);
    await eventually(() =>
      expect(story.texts("ada").toSorted()).toEqual(["Later.", "Welcome.", "re: hello"]),
    );
    await eventually(async () => {
      const runs = await story.rows("SELECT status, attempts FROM schedule_runs");
      const firings = await story.rows("SELECT status, attempts, actions_done FROM event_log");
      expect(runs).toMatchObject([{ status: "sent" }]);
      expect(firings).toEqual([{ status: "completed", attempts: 1, actions_done: 1 }]);
    });
    expect([...claims, ...ends].map((loss) => loss.count())).toEqual([1, 1, 1, 1, 1]);
    expect(story.texts("ada")).toHaveLength(3);
  },
);

test.each(["before", "after"] as const)(
  "a connection cut %s the claim or storing of a file loses nothing: the bot gets it at once",
  async (when) => {
    await using database = await createTestDatabase();
    await using lossy = await startLossyPostgres(database.url);
    await using story = await startTelegramStory({
      database,
      env: { DATABASE_URL: lossy.url },
      times: ENDLESS,
    });
    const losses = [
      lossy.lose(/UPDATE attachments a SET attempts/, { when }),
      lossy.lose(/UPDATE attachments SET state = 'stored'/, { when }),
    ];
    story.fake.files.set("cat", { path: "photos/cat.jpg", content: png });
    const { text: _, ...message } = privateMessage(7, "").message;
    const update = { ...privateMessage(7, ""), message: { ...message, photo: [{ file_id: "cat" }] } };
    expect(await story.post(update)).toBe(200);
    await eventually(() => expect(story.texts(7)).toEqual(["You said: [image: image/png]"]));
    expect(losses.map((loss) => loss.count())).toEqual([1, 1]);
  },
);

test.each(["before", "after"] as const)(
  "a connection cut %s the claim or answer of a repeatable request loses nothing: it runs once",
  async (when) => {
    await using database = await createTestDatabase();
    await using lossy = await startLossyPostgres(database.url);
    await using app = await startTestApp({ database, env: { DATABASE_URL: lossy.url } });
    const losses = [
      lossy.lose(/INSERT INTO idempotency_keys/, { when }),
      lossy.lose(/UPDATE idempotency_keys SET status/, { when }),
    ];
    const open = () =>
      app.api("POST", "/chat/sessions", { agent_id: "echo" }, { "Idempotency-Key": "the key" });
    const [first, second] = [await open(), await open()];
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get("idempotent-replayed")).toBe("true");
    expect(losses.map((loss) => loss.count())).toEqual([1, 1]);
  },
);

test("a repeatable request whose claim failed in a longer database outage can be repeated", async () => {
  await using database = await createTestDatabase();
  await using lossy = await startLossyPostgres(database.url);
  await using app = await startTestApp({ database, env: { DATABASE_URL: lossy.url } });
  const lost = lossy.lose(/INSERT INTO idempotency_keys/, { when: "after", times: 100 });
  const open = () =>
    app.api("POST", "/chat/sessions", { agent_id: "echo" }, { "Idempotency-Key": "the key" });
  expect((await open()).status).toBe(503);
  lost.stop();
  expect((await open()).status).toBe(201);
});

test("a turn whose database fails during preparation continues after the outage, without waiting for its lease to expire", async () => {
  await using database = await createTestDatabase();
  await using lossy = await startLossyPostgres(database.url);
  const bot = createScriptedBot();
  const env = { DATABASE_URL: lossy.url };
  const agent = { budgets: { limits: [{ per: "session", messages: 100, window: "1h" }] } };
  await using story = await startGatedStory({ database, env, bot, agent, times: ENDLESS });
  const loss = lossy.lose(/budget_claims/, { when: "before", times: 3 });
  await story.say("ada", "hello");
  await eventually(() => expect(story.texts("ada")).toEqual(["re: hello"]));
  expect([loss.count(), bot.calls.length]).toEqual([3, 1]);
});
