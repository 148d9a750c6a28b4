import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { applyMigrations } from "../../src/storage/migrate.ts";
import { privateMessage, SECRET, telegramTo } from "../stories/telegram-story.ts";
import { startTestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { startFakeTelegram } from "../support/fake-telegram.ts";
import { createTestDatabase, type TestDatabase, testPool } from "../support/postgres.ts";
import { quietLog } from "../support/quiet-log.ts";

const MIGRATIONS = fileURLToPath(new URL("../../prisma/migrations/", import.meta.url));
const ROWS = new URL("first-release.sql", import.meta.url);
/** The newest migration of version 0.1.0. */
const NEWEST = "20261121000600_early_unreachable";
const ADA = 777_001;
/** A key that somebody made with version 0.1.0. */
const KEY = "cw_5zkuRYuKFGHGdl59ghwyM2ksrOjqeBfsh2sU6IY04TM";

/** A database as version 0.1.0 left it. Its schema is that of its migrations, its rows were written by itself. */
async function databaseOfFirstRelease(): Promise<TestDatabase> {
  const database = await createTestDatabase({ empty: true });
  const pool = testPool(database.url, 1);
  const all = (await readdir(MIGRATIONS)).filter((name) => !name.includes(".")).sort();
  const names = all.filter((name) => name <= NEWEST);
  await applyMigrations(pool, quietLog(), MIGRATIONS, names);
  // The rows have the record of that release, with its own checksums.
  await pool.query("DELETE FROM _prisma_migrations");
  await pool.query(await readFile(ROWS, "utf8"));
  await pool.end();
  return database;
}

test("a database of the first release continues after the upgrade: sessions, messages, keys and open deliveries", async () => {
  await using database = await databaseOfFirstRelease();
  await using fake = await startFakeTelegram();
  await using app = await startTestApp({
    database,
    agents: { coach: { bot: { type: "echo" }, variables: { user_name: { default: "friend" } } } },
    channels: {
      api: { kind: "api", agent: "coach" },
      web: { kind: "web", agent: "coach" },
      telegram: telegramTo(fake, "coach"),
    },
  });

  // These messages waited because the platform answered 500.
  const texts = () => fake.sent.filter(({ chatId }) => chatId === ADA).map(({ text }) => text);
  await eventually(() => expect(texts()).toEqual(["You said: Can you hear me?", "A reminder of yours"]), {
    timeoutMs: 100_000,
  });
  await eventually(async () => {
    const { body } = await app.api("GET", "/deliveries?limit=100");
    const states = body.data.map(({ status }: { status: string }) => status);
    expect(states.filter((status: string) => !["sent", "delivered"].includes(status))).toEqual([]);
  });

  const { body: sessions } = await app.api("GET", "/chat/sessions?channel=telegram&sort=created_at");
  expect(sessions.data).toMatchObject([
    { status: "completed", end_reason: "user_reset" },
    { status: "active" },
  ]);
  const [, open] = sessions.data;
  const update = privateMessage(ADA, "Are you still there?");
  const posted = await fetch(`${app.url}/webhooks/telegram`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-telegram-bot-api-secret-token": SECRET },
    body: JSON.stringify(update),
  });
  expect(posted.status).toBe(200);
  await eventually(() => expect(texts().at(-1)).toBe("You said: Are you still there?"));
  const { body: messages } = await app.api("GET", `/chat/sessions/${open.id}/messages`);
  expect(messages.data.map(({ content }: { content: string }) => content)).toEqual([
    "Hello again",
    "You said: Hello again",
    "Can you hear me?",
    "You said: Can you hear me?",
    "A reminder of yours",
    "Are you still there?",
    "You said: Are you still there?",
  ]);

  const { body: found } = await app.api("GET", "/chat/sessions?q=slept", undefined, {
    authorization: `Bearer ${KEY}`,
  });
  expect(found.data).toMatchObject([
    { title: "Before the upgrade", metadata: { db_uuid: "1234" }, participant_data: { likes: "tea" } },
  ]);
  const [{ id, user_id: grace }] = found.data;
  const { body: said } = await app.api("GET", `/chat/sessions/${id}/messages`);
  expect(said.data[2]).toMatchObject({ content: "Read this", attachments: [{ name: "note.txt", bytes: 6 }] });
  const { body: answer } = await app.api("POST", `/chat/sessions/${id}/messages`, { content: "And now?" });
  expect(answer.content).toBe("You said: And now?");
  const { body: plans } = await app.api("GET", "/schedules");
  expect(plans.data.map(({ message_text: text }: { message_text: string }) => text).sort()).toEqual([
    "Drink water",
    "Stretch",
  ]);
  expect((await app.api("DELETE", `/users/${grace}`)).status).toBe(204);
});
