import pg from "pg";
import { expect, test } from "vitest";
import { createSessionRetention } from "../../src/sessions/retention-repository.ts";
import { addConversation } from "../api/api-rows.ts";
import { openApiWorld } from "../api/api-server.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";

const NEVER = new AbortController().signal;
const echo = { bot: { type: "echo" } };

/** Opens a session with a message that is `daysAgo` days old. */
async function talk(app: TestApp, pool: pg.Pool, daysAgo: number, agent = "echo"): Promise<string> {
  const user = { identifier: `user-${daysAgo}-${agent}` };
  const { body } = await app.api("POST", "/chat/sessions", { agent_id: agent, user });
  await app.api("POST", `/chat/sessions/${body.id}/messages`, { content: "Hello" });
  await eventually(async () => {
    const { rows } = await pool.query(
      "SELECT 1 FROM deliveries WHERE session_id = $1 AND status = 'queued'",
      [body.id],
    );
    expect(rows).toEqual([]);
  });
  await age(pool, body.id, daysAgo);
  return body.id;
}

async function age(pool: pg.Pool, id: string, days: number): Promise<void> {
  await pool.query(
    `UPDATE sessions SET updated_at = now() - $2::int * interval '1 day', last_activity_at = now() - $2::int * interval '1 day'
     WHERE id = $1`,
    [id, days],
  );
}

async function left(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>("SELECT id FROM sessions ORDER BY created_at, id");
  return rows.map(({ id }) => id);
}

async function rowsOf(pool: pg.Pool, id: string): Promise<number> {
  const tables = ["messages", "executions", "deliveries", "attachments", "event_log", "incidents"];
  const counts = tables.map((table) => `(SELECT count(*) FROM ${table} WHERE session_id = $1)`);
  const { rows } = await pool.query<{ sum: string }>(`SELECT ${counts.join(" + ")} AS sum`, [id]);
  return Number(rows[0]?.sum);
}

test("sessions are erased by age with all their data, after the days of their agent or the service", async () => {
  await using app = await startTestApp({
    agents: {
      echo: { ...echo, events: [{ on: "session_ended", do: [{ action: "log" }] }] },
      short: { ...echo, retentionDays: 2 },
    },
    env: { CAUSEWAY_RETENTION_DAYS: "30" },
  });
  const pool = new pg.Pool({ connectionString: app.database.url });
  try {
    const old = await talk(app, pool, 31);
    const ended = await talk(app, pool, 40);
    await app.api("POST", `/chat/sessions/${ended}/end`, { trigger_events: false });
    await age(pool, ended, 40);
    const young = await talk(app, pool, 29);
    const short = await talk(app, pool, 3, "short");
    const planned = await talk(app, pool, 32);
    await pool.query(
      `INSERT INTO schedules (id, workspace_id, agent_id, channel_id, user_id, session_id, kind, text, starts_at, next_run_at)
       SELECT 'planned', workspace_id, agent_id, channel_id, user_id, id, 'at', 'Later', now() + interval '9 days',
         now() + interval '9 days' FROM sessions WHERE id = $1`,
      [planned],
    );
    const { rows: files } = await pool.query<{ id: string }>(
      `INSERT INTO attachments (id, workspace_id, session_id, message_id, kind, state, next_attempt_at)
       SELECT 'old-file', s.workspace_id, s.id, m.id, 'image', 'stored', NULL
       FROM sessions s JOIN messages m ON m.session_id = s.id WHERE s.id = $1 LIMIT 1 RETURNING id`,
      [old],
    );
    await pool.query(
      `INSERT INTO messages (id, session_id, seq, turn_seq, role, origin, content)
       SELECT 'many' || n, $1, 100 + n, 100 + n, 'user', 'user', 'word' FROM generate_series(1, 1100) n`,
      [old],
    );

    expect(await app.app.pipeline.eraseOld(NEVER)).toBe(3);
    expect(await left(pool)).toEqual([young, planned]);
    for (const id of [old, ended, short]) expect(await rowsOf(pool, id)).toBe(0);
    const { rows: due } = await pool.query("SELECT id FROM attachment_erasures WHERE id = $1", [
      files[0]?.id,
    ]);
    expect(due).toHaveLength(1);
    expect((await app.api("GET", `/chat/sessions/${old}`)).status).toBe(404);
    expect((await app.api("GET", `/chat/sessions/${young}/messages`)).body.meta.total).toBe(2);
    // The person stays, and may begin again.
    expect((await app.api("GET", "/users?identifier=user-31-echo")).body.meta.total).toBe(1);

    await app.configure({ agents: { echo: { ...echo, retentionDays: 365 }, short: echo } });
    await app.app.reload();
    const kept = await talk(app, pool, 31);
    const now = await talk(app, pool, 3, "short");
    expect(await app.app.pipeline.eraseOld(NEVER)).toBe(0);
    expect(await left(pool)).toEqual([young, planned, kept, now]);
  } finally {
    await pool.end();
  }
});

test("nothing is erased without a number of days, and no session with unfinished work", async () => {
  await using world = await openApiWorld();
  const { pool } = world;
  const home = { id: world.workspaceId, slug: "default" };
  const retention = createSessionRetention(pool);
  const sweep = (days: number | null) => retention.sweep(days, () => undefined, NEVER);
  const works = [
    "UPDATE sessions SET inbound_seq = answered_seq + 1 WHERE id = $1",
    "UPDATE sessions SET lease_owner = 'me', lease_expires_at = now() + interval '1 minute' WHERE id = $1",
    "UPDATE deliveries SET status = 'queued' WHERE session_id = $1",
  ];
  for (const work of works) {
    const { sessionId } = await addConversation(pool, home);
    await pool.query(work, [sessionId]);
    await age(pool, sessionId, 1_000);
  }
  const busy = await left(pool);
  const { sessionId: idle } = await addConversation(pool, home);
  await age(pool, idle, 1_000);
  expect(await sweep(null)).toBe(0);
  expect(await sweep(1_001)).toBe(0);
  const both = await Promise.all([sweep(30), sweep(30)]);
  expect(Math.max(...both)).toBe(1);
  expect(await left(pool)).toEqual(busy);
});

test("an anonymous visitor is erased with their last session or if they never wrote, unless one is opening", async () => {
  await using world = await openApiWorld();
  const { pool } = world;
  const visitor = (id: string, days: number, anonymous = true) =>
    pool.query(
      `INSERT INTO users (id, workspace_id, channel_id, identifier, anonymous, updated_at)
       SELECT $1, workspace_id, id, $1, $3, now() - $2::int * interval '1 day' FROM channels LIMIT 1`,
      [id, days, anonymous],
    );
  const home = { id: world.workspaceId, slug: "default" };
  const { sessionId } = await addConversation(pool, home);
  const { sessionId: ofAda } = await addConversation(pool, home);
  for (const id of ["wrote", "silent", "opens", "let-in"]) await visitor(id, 60);
  await visitor("came-today", 0);
  await visitor("ada", 60, false);
  await pool.query("UPDATE sessions SET user_id = 'wrote' WHERE id = $1", [sessionId]);
  await pool.query("UPDATE sessions SET user_id = 'ada' WHERE id = $1", [ofAda]);
  for (const id of [sessionId, ofAda]) await age(pool, id, 60);
  await pool.query(
    `INSERT INTO access_grants (id, workspace_id, channel_id, identifier, source, by_name, by_via)
     SELECT 'grant', workspace_id, channel_id, identifier, 'request', 'Eva', 'api' FROM users WHERE id = 'let-in'`,
  );
  const anonymous = async () =>
    (await pool.query("SELECT id FROM users WHERE anonymous ORDER BY id")).rows.map(({ id }) => id);

  // A session is being opened while the sweep runs.
  const opening = await pool.connect();
  await opening.query("BEGIN");
  await opening.query(
    `INSERT INTO sessions (id, workspace_id, agent_id, agent_version, channel_id, user_id, single)
     SELECT 'opening', workspace_id, agent_id, agent_version, channel_id, 'opens', false FROM sessions WHERE id = $1`,
    [ofAda],
  );
  await createSessionRetention(pool).sweep(30, () => undefined, NEVER);
  await opening.query("COMMIT");
  opening.release();
  expect(await anonymous()).toEqual(["came-today", "let-in", "opens"]);
  await createSessionRetention(pool).sweep(30, () => undefined, NEVER);
  expect(await anonymous()).toEqual(["came-today", "let-in", "opens"]);
  expect((await pool.query("SELECT 1 FROM users WHERE id = 'ada'")).rowCount).toBe(1);
  expect((await pool.query("SELECT 1 FROM sessions WHERE id = 'opening'")).rowCount).toBe(1);
});

test("the next sweep finishes an interrupted one", async () => {
  await using world = await openApiWorld();
  const { pool } = world;
  const { sessionId } = await addConversation(pool, { id: world.workspaceId, slug: "default" });
  await age(pool, sessionId, 50);
  const stop = new AbortController();
  await createSessionRetention(pool).sweep(30, () => stop.abort(), stop.signal);
  const { rows } = await pool.query("SELECT status, end_reason FROM sessions WHERE id = $1", [sessionId]);
  expect(rows).toEqual([{ status: "completed", end_reason: "expired" }]);
  expect(await createSessionRetention(pool).sweep(30, () => undefined, NEVER)).toBe(1);
  expect(await left(pool)).toEqual([]);
});
