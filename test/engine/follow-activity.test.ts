import type pg from "pg";
import { describe, expect, it } from "vitest";
import { catchUp, followActivity } from "../../src/sessions/follow-activity-repository.ts";
import { mergeWords } from "../../src/sessions/merge-words-repository.ts";
import { createTurnRepository } from "../../src/turns/lanes/turn-repository.ts";
import { addConversation, addWorkspace } from "../api/api-rows.ts";
import { startChatApp } from "../api/chat-app.ts";
import { eventually } from "../support/eventually.ts";
import { createTestDatabase, testPool } from "../support/postgres.ts";

/** The columns that every message and every turn writes in its session. */
const HOT_COLUMNS = [
  "next_seq",
  "inbound_seq",
  "answered_seq",
  "lease_owner",
  "lease_token",
  "lease_expires_at",
  "last_activity_at",
];

describe("when messages and turns update their session in place,", () => {
  it("only range indexes have a column that they write", async () => {
    await using database = await createTestDatabase();
    const pool = testPool(database.url);
    const { rows } = await pool.query<{ name: string; definition: string }>(
      `SELECT c.relname AS name, pg_get_indexdef(i.indexrelid) AS definition
       FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam
       WHERE i.indrelid = 'sessions'::regclass AND a.amname <> 'brin'`,
    );
    await pool.end();
    expect(rows.map(({ name }) => name)).toContain("sessions_waiting");
    for (const { definition } of rows)
      for (const column of HOT_COLUMNS) expect(definition).not.toMatch(new RegExp(`\\b${column}\\b`));
  });

  it("the session, the lists and the filters show the last message at once", async () => {
    await using app = await startChatApp();
    const pool = testPool(app.database.url, 1);
    const open = async () => (await app.api("POST", "/chat/sessions", { agent_id: "echo" })).body.id;
    const [older, newer] = [await open(), await open()];
    const messages = 30;
    for (let n = 0; n < messages; n += 1) {
      const { body } = await app.api("POST", `/chat/sessions/${older}/messages`, { content: `Hello ${n}` });
      expect((await app.api("GET", `/chat/sessions/${older}`)).body.updated_at).toBe(body.created_at);
    }
    const { data } = (await app.api("GET", "/chat/sessions")).body;
    expect(data.map(({ id }: { id: string }) => id)).toEqual([older, newer]);
    const found = await app.api("GET", `/chat/sessions?since=${data[0].updated_at}`);
    expect(found.body.data).toEqual([data[0]]);
    await eventually(async () => {
      const { rows } = await pool.query<{ hot: number }>(
        "SELECT n_tup_hot_upd::int AS hot FROM pg_stat_user_tables WHERE relname = 'sessions'",
      );
      // A message is one update, and its answer another one. A full page may move a few.
      expect(rows[0]?.hot).toBeGreaterThan(messages);
    });
    await pool.end();
  });
});

describe("a session with outdated indexed columns", () => {
  it("is updated, and is found while it waits", async () => {
    await using setting = await sessionsOf(1);
    const { pool } = setting;
    const turns = createTurnRepository(pool, { owner: "owner", leaseMs: 60_000 });
    await pool.query("UPDATE sessions SET last_activity_at = now(), inbound_seq = answered_seq + 1");
    expect(await turns.strandedSessions(10)).toEqual([]);
    await catchUp(pool);
    expect(await setting.behind()).toBe(0);
    expect(await turns.strandedSessions(10)).toEqual(setting.ids);

    await pool.query("UPDATE sessions SET last_activity_at = now(), answered_seq = inbound_seq");
    expect(await turns.strandedSessions(10)).toEqual([]);
    await catchUp(pool);
    expect((await pool.query("SELECT waits FROM sessions")).rows).toEqual([{ waits: false }]);
  });

  it("is found by a check of all sessions if its activity is old", async () => {
    await using setting = await sessionsOf(1);
    const { pool } = setting;
    await pool.query(
      `UPDATE sessions SET last_activity_at = now() - interval '1 hour', updated_at = now() - interval '2 hours'`,
    );
    await catchUp(pool);
    expect(await setting.behind()).toBe(1);
    await followActivity(pool, null);
    expect(await setting.behind()).toBe(0);
  });

  it("delays nothing while a message has locked it, and is updated later", async () => {
    await using setting = await sessionsOf(250);
    const { pool, ids } = setting;
    await pool.query("UPDATE sessions SET last_activity_at = now() + interval '1 second'");
    const writer = await pool.connect();
    try {
      await writer.query("BEGIN");
      await writer.query("UPDATE sessions SET title = 'busy' WHERE id = $1", [ids[7]]);
      await catchUp(pool);
      expect(await setting.behind()).toBe(1);
      await writer.query("COMMIT");
    } finally {
      writer.release(true);
    }
    await catchUp(pool);
    expect(await setting.behind()).toBe(0);
  });
});

it("new words are merged into their index, and only by its owner", async () => {
  await using setting = await sessionsOf(1);
  const { pool, ids } = setting;
  const store = (seq: number) =>
    pool.query(
      `INSERT INTO messages (id, session_id, seq, turn_seq, role, origin, content)
       VALUES ('words-' || $2::int, $1, $2, $2, 'user', 'user', 'many new words')`,
      [ids[0], seq],
    );
  /** Merges the rest itself, and returns the number of pages on which words waited. */
  const pagesLeft = async (): Promise<number> => {
    const { rows } = await pool.query("SELECT gin_clean_pending_list('messages_words')::int AS pages");
    return rows[0].pages;
  };
  await store(100);
  await mergeWords(pool);
  expect(await pagesLeft()).toBe(0);

  await store(101);
  const reader = await pool.connect();
  await reader.query("SET ROLE pg_monitor");
  await mergeWords(reader);
  reader.release(true);
  expect(await pagesLeft()).toBe(1);
});

/** A database with so many sessions, all up to date. */
async function sessionsOf(count: number) {
  const database = await createTestDatabase();
  const pool: pg.Pool = testPool(database.url);
  const home = await addWorkspace(pool);
  const row = await addConversation(pool, home);
  await pool.query(
    `INSERT INTO sessions (id, workspace_id, agent_id, agent_version, channel_id, single)
     SELECT 'more-' || n, workspace_id, agent_id, agent_version, channel_id, false
     FROM sessions, generate_series(2, $2::int) n WHERE id = $1`,
    [row.sessionId, count],
  );
  await pool.query("UPDATE sessions SET inbound_seq = 0, answered_seq = 0, waits = false");
  const { rows } = await pool.query<{ id: string }>("SELECT id FROM sessions ORDER BY id");
  return {
    pool,
    ids: rows.map(({ id }) => id),
    async behind(): Promise<number> {
      const found = await pool.query<{ count: number }>(
        "SELECT count(*)::int AS count FROM sessions WHERE last_activity_at > updated_at",
      );
      return found.rows[0]?.count ?? 0;
    },
    async [Symbol.asyncDispose]() {
      await pool.end();
      await database[Symbol.asyncDispose]();
    },
  };
}
