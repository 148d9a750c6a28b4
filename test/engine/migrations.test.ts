import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type pg from "pg";
import { describe, expect, it } from "vitest";
import { schemaDrift } from "../../prisma/schema-engine.mjs";
import { applyMigrations } from "../../src/storage/migrate.ts";
import { appliedMigrations, isMigrated } from "../../src/storage/migration-record.ts";
import { createTestDatabase, testPool } from "../support/postgres.ts";
import { quietLog } from "../support/quiet-log.ts";

const prismaDirectory = fileURLToPath(new URL("../../prisma/", import.meta.url));

describe("migrations", () => {
  it("produce exactly the schema of schema.prisma", async () => {
    await using database = await createTestDatabase();
    expect(await schemaDrift({ databaseUrl: database.url })).toBe("");
  });

  it("are reported as incomplete when only schema.prisma has a new column", async () => {
    await using database = await createTestDatabase();
    const declared = await readFile(join(prismaDirectory, "schema.prisma"), "utf8");
    const schema = declared.replace("model Delivery {", "model Delivery {\n  colour String?");
    expect(await schemaDrift({ databaseUrl: database.url, schema })).toContain(
      'ADD COLUMN     "colour" TEXT',
    );
  });

  it("add what Prisma cannot express: partial indexes and checks", async () => {
    await using database = await createTestDatabase();
    await using pool = connect(database.url);
    const indexes = await pool.query(
      "SELECT indexname FROM pg_indexes WHERE schemaname = 'public' AND indexdef LIKE '% WHERE %' ORDER BY 1",
    );
    expect(indexes.rows.map((row) => row.indexname)).toEqual([
      "access_requests_code",
      "access_requests_due",
      "access_requests_waiting",
      "attachments_due",
      "attachments_unsent_by",
      "attachments_unsent_from",
      "console_sessions_provider_session_idx",
      "deliveries_attachment",
      "deliveries_claimed",
      "deliveries_due",
      "deliveries_external_id",
      "deliveries_in_trouble",
      "deliveries_lane",
      "deliveries_of_access_request",
      "deliveries_of_handoff",
      "event_log_failed",
      "event_log_over",
      "event_log_waiting",
      "event_log_waiting_in_session",
      "executions_not_completed",
      "executions_preview",
      "handoffs_desk_card",
      "handoffs_desk_thread",
      "handoffs_idle",
      "handoffs_open",
      "messages_album",
      "messages_buttons",
      "messages_open_album",
      "messages_words",
      "schedule_runs_failed",
      "schedule_runs_waiting",

      "sessions_external",
      "sessions_in_handoff",
      "sessions_key",
      "sessions_waiting",
      "shadows_due",
      "users_anonymous",
    ]);
    const checks = await pool.query(
      "SELECT conname FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace ORDER BY 1",
    );
    expect(checks.rows.map((row) => row.conname)).toEqual([
      "access_grants_source_check",
      "access_invites_uses_check",
      "access_requests_by_check",
      "access_requests_code_check",
      "access_requests_held_check",
      "access_requests_invite_check",
      "access_requests_place_check",
      "access_requests_state_check",
      "agents_retention_days_check",
      "api_keys_person_check",
      "attachments_kind_check",
      "attachments_state_check",
      "audit_log_method_check",
      "console_codes_hash_check",
      "console_sessions_token_hash_check",
      "deliveries_desk_check",
      "deliveries_format_check",
      "deliveries_status_check",
      "erasures_user_hash_check",
      "event_log_status_check",
      "executions_finish_reason_check",
      "executions_status_check",
      "executions_traceparent_check",
      "handoffs_holder_check",
      "handoffs_release_check",
      "handoffs_source_check",
      "handoffs_state_check",
      "incidents_outcome_check",
      "message_ratings_comment_check",
      "message_ratings_rating_check",
      "messages_buttons_check",
      "messages_format_check",
      "messages_role_check",
      "messages_traceparent_check",
      "participant_data_owner_check",
      "schedule_runs_status_check",
      "schedules_format_check",
      "schedules_kind_check",
      "schedules_made_by_check",
      "schedules_saying_check",
      "schedules_status_check",
      "sessions_end_reason_check",
      "sessions_single_user_check",
      "sessions_status_check",
      "shadows_ended_check",
      "shadows_lease_check",
      "shadows_status_check",
    ]);
  });

  it("are applied once when many processes start at the same moment", async () => {
    await using database = await createTestDatabase({ empty: true });
    const pools = Array.from({ length: 6 }, () => connect(database.url));
    expect(pools[0] && (await isMigrated(pools[0]))).toBe(false);
    const applied = await Promise.all(pools.map((pool) => applyMigrations(pool, quietLog())));
    expect(applied.flat()).toEqual(await migrationNames());
    const [pool] = pools;
    expect(pool && (await isMigrated(pool))).toBe(true);
    await pool?.query("UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name LIKE '%_init'");
    expect(pool && (await isMigrated(pool))).toBe(false);
    await Promise.all(pools.map((pool) => pool.end()));
  });

  it("are refused by name if they were edited after they were applied", async () => {
    await using database = await createTestDatabase();
    await using pool = connect(database.url);
    await using copy = await copyOfMigrations();
    const [first] = await migrationNames();
    await writeFile(join(copy.path, first ?? "", "migration.sql"), "SELECT 1");
    await expect(applyMigrations(pool, quietLog(), copy.path)).rejects.toThrow(
      `The migration ${first} was changed after it was applied`,
    );
  });

  it("of a newer release prevent an older release from starting", async () => {
    await using database = await createTestDatabase();
    await using pool = connect(database.url);
    await using copy = await copyOfMigrations();
    await mkdir(join(copy.path, "29990101000000_later"));
    await writeFile(join(copy.path, "29990101000000_later", "migration.sql"), "CREATE TABLE later (id INT)");
    expect(await applyMigrations(pool, quietLog(), copy.path)).toEqual(["29990101000000_later"]);
    await expect(applyMigrations(pool, quietLog())).rejects.toThrow("of a newer release");
    expect(await isMigrated(pool)).toBe(false);
  });

  it("move an anonymous visitor's data to their last used open session, and change no other user's data", async () => {
    await using database = await createTestDatabase({ empty: true });
    await using pool = connect(database.url);
    await using copy = await copyOfMigrations();
    const mine = "20261129700100_data_of_one_session";
    for (const name of await migrationNames())
      if (name >= mine) await rm(join(copy.path, name), { recursive: true });
    await applyMigrations(pool, quietLog(), copy.path);
    await pool.query(`
      INSERT INTO workspaces (id, slug) VALUES ('w', 'w');
      INSERT INTO agents (id, workspace_id, slug, current_version) VALUES ('a', 'w', 'a', 1);
      INSERT INTO agent_versions (agent_id, number, definition, digest) VALUES ('a', 1, '{}', '');
      INSERT INTO channels (id, workspace_id, name, kind) VALUES ('c', 'w', 'c', 'web');
      INSERT INTO users (id, workspace_id, channel_id, identifier, anonymous)
        VALUES ('ada', 'w', 'c', 'id:ada', false), ('here', 'w', 'c', 'anon:1', true), ('gone', 'w', 'c', 'anon:2', true);
      INSERT INTO sessions (id, workspace_id, agent_id, agent_version, channel_id, user_id, single, last_activity_at)
        VALUES ('old', 'w', 'a', 1, 'c', 'here', false, now() - interval '1 day'), ('new', 'w', 'a', 1, 'c', 'here', false, now());
      INSERT INTO participant_data (user_id, agent_id, data)
        VALUES ('ada', 'a', '{"n": 1}'), ('here', 'a', '{"n": 2}'), ('gone', 'a', '{"n": 3}');`);
    await applyMigrations(pool, quietLog());
    const { rows } = await pool.query(
      "SELECT owner_id, session_id, data FROM participant_data ORDER BY user_id",
    );
    expect(rows).toEqual([
      { owner_id: "ada", session_id: null, data: { n: 1 } },
      { owner_id: "new", session_id: "new", data: { n: 2 } },
    ]);
  });

  it("that fail change nothing and can be tried again", async () => {
    await using database = await createTestDatabase();
    await using pool = connect(database.url);
    await using copy = await copyOfMigrations();
    const file = join(copy.path, "29990101000000_later", "migration.sql");
    await mkdir(join(copy.path, "29990101000000_later"));
    await writeFile(file, "CREATE TABLE later (id INT); SELECT 1 / 0;");
    await expect(applyMigrations(pool, quietLog(), copy.path)).rejects.toThrow(
      "failed and was rolled back: division",
    );
    await writeFile(file, "CREATE TABLE later (id INT)");
    expect(await applyMigrations(pool, quietLog(), copy.path)).toEqual(["29990101000000_later"]);
  });

  it("are applied to a new database all together, or not at all", async () => {
    await using database = await createTestDatabase({ empty: true });
    await using pool = connect(database.url);
    await using copy = await copyOfMigrations();
    const file = join(copy.path, "29990101000000_later", "migration.sql");
    await mkdir(join(copy.path, "29990101000000_later"));
    await writeFile(file, "SELECT 1 / 0;");
    await expect(applyMigrations(pool, quietLog(), copy.path)).rejects.toThrow(
      "29990101000000_later failed and was rolled back",
    );
    expect(await appliedMigrations(pool)).toEqual([]);
  });
});

function connect(url: string): pg.Pool & AsyncDisposable {
  const pool = testPool(url);
  return Object.assign(pool, { [Symbol.asyncDispose]: () => pool.end() });
}

async function migrationNames(): Promise<string[]> {
  const entries = await readdir(join(prismaDirectory, "migrations"), { withFileTypes: true });
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort();
}

async function copyOfMigrations(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), "causeway-migrations-"));
  await cp(join(prismaDirectory, "migrations"), path, { recursive: true });
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
