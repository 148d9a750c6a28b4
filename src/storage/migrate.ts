import { createHash, randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type pg from "pg";
import { StartupError } from "../core/faults/errors.ts";
import type { Logger } from "../core/process/logger.ts";
import { packageFile } from "../core/process/package-file.ts";
import { openPool } from "./database.ts";

/** The lock that Prisma's command line takes. So Prisma and this service never migrate at the same time. */
const PRISMA_LOCK = 72707369;

const MIGRATIONS_DIRECTORY = packageFile("prisma/migrations/");

const CREATE_LEDGER = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id VARCHAR(36) PRIMARY KEY NOT NULL,
  checksum VARCHAR(64) NOT NULL,
  finished_at TIMESTAMPTZ,
  migration_name VARCHAR(255) NOT NULL,
  logs TEXT,
  rolled_back_at TIMESTAMPTZ,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  applied_steps_count INTEGER NOT NULL DEFAULT 0
)`;

interface Migration {
  name: string;
  sql: string;
  checksum: string;
}

/** Runs `applyMigrations` on a separate connection, which waits for statements without a time limit. */
export async function migrateDatabase(options: { url: string; log: Logger }): Promise<string[]> {
  const pool = openPool({ ...options, maxConnections: 1, patient: true });
  try {
    return await applyMigrations(pool, options.log);
  } finally {
    await pool.end();
  }
}

/**
 * Returns true if the database has exactly the migrations of this release. Then a start needs no separate connection to
 * migrate. Everything else, also a contradiction, is for `migrateDatabase`, which holds the lock while it looks.
 */
export async function isMigrated(pool: Pick<pg.Pool, "query">): Promise<boolean> {
  if (!(await hasLedger(pool))) return false;
  const { rows } = await pool.query<{ name: string; checksum: string; finished_at: Date | null }>(
    `SELECT migration_name AS name, checksum, finished_at FROM _prisma_migrations
     WHERE rolled_back_at IS NULL ORDER BY 1`,
  );
  const migrations = readMigrations(MIGRATIONS_DIRECTORY);
  const sums = new Map(migrations.map(({ name, checksum }) => [name, checksum]));
  const same = rows.filter((row) => row.finished_at !== null && sums.get(row.name) === row.checksum);
  return same.length === rows.length && rows.length === migrations.length;
}

/**
 * Brings the database to the newest migration. Applies them in order, by one process at a time: on a new database in
 * one transaction, later each in its own. Records each one in the same way as Prisma. Throws a StartupError when the
 * database and the files contradict each other.
 * @returns the names of the migrations that this call applied.
 */
export async function applyMigrations(
  pool: pg.Pool,
  log: Logger,
  directory: string = MIGRATIONS_DIRECTORY,
  only: readonly string[] | null = null,
): Promise<string[]> {
  const all = readMigrations(directory);
  const migrations = only === null ? all : all.filter(({ name }) => only.includes(name));
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query("SELECT pg_advisory_lock($1)", [PRISMA_LOCK]);
    try {
      if (!(await hasLedger(client))) await client.query(CREATE_LEDGER);
      const pending = await pendingMigrations(client, migrations);
      // A new database has nobody to wait for locks, and one commit is quicker than sixty.
      const isNew = pending.length === migrations.length;
      for (const together of isNew ? [pending] : pending.map((migration) => [migration])) {
        await applyTogether(client, together);
        for (const { name } of together) log.debug({ migration: name }, "migration applied");
      }
      const newest = pending.at(-1)?.name;
      if (newest !== undefined) log.info({ count: pending.length, newest }, "migrations applied");
      return pending.map((migration) => migration.name);
    } finally {
      await client.query("SELECT pg_advisory_unlock($1)", [PRISMA_LOCK]);
    }
  } catch (error) {
    // The lock belongs to the connection. Its state is unknown now, so close the connection instead of returning it.
    broken = error instanceof Error ? error : new Error(String(error));
    throw error;
  } finally {
    client.release(broken);
  }
}

/**
 * Gives an empty database the tables of an earlier release. `unknown`: this release does not know all of its migrations.
 * `ahead`: the database has the tables of a later one. Then nothing changes.
 * @param wanted the migrations of that release, or the newest of them.
 */
export async function migrateTo(
  pool: pg.Pool,
  log: Logger,
  wanted: readonly string[] | { upTo: string },
  directory: string = MIGRATIONS_DIRECTORY,
): Promise<"done" | "unknown" | "ahead"> {
  const known = readMigrations(directory).map(({ name }) => name);
  const names = "upTo" in wanted ? known.filter((name) => name <= wanted.upTo) : wanted;
  const isKnown =
    "upTo" in wanted ? known.includes(wanted.upTo) : names.every((name) => known.includes(name));
  if (!isKnown) return "unknown";
  if ((await appliedMigrations(pool)).some((name) => !names.includes(name))) return "ahead";
  await applyMigrations(pool, log, directory, names);
  return "done";
}

/** The names of the migrations that a database has, the oldest first. */
export async function appliedMigrations(client: Pick<pg.ClientBase, "query">): Promise<string[]> {
  if (!(await hasLedger(client))) return [];
  const { rows } = await client.query<{ name: string }>(
    `SELECT migration_name AS name FROM _prisma_migrations
     WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}

/**
 * Returns the names of the migrations that a start would apply. Throws a StartupError if a start would refuse. Changes
 * nothing.
 */
export async function missingMigrations(client: pg.ClientBase): Promise<string[]> {
  const migrations = readMigrations(MIGRATIONS_DIRECTORY);
  const pending = (await hasLedger(client)) ? await pendingMigrations(client, migrations) : migrations;
  return pending.map(({ name }) => name);
}

/** Checks first, because `CREATE TABLE IF NOT EXISTS` needs the right to create tables even if the table exists. */
async function hasLedger(client: Pick<pg.ClientBase | pg.Pool, "query">): Promise<boolean> {
  const { rowCount } = await client.query("SELECT 1 WHERE to_regclass('_prisma_migrations') IS NOT NULL");
  return rowCount === 1;
}

/** Reads synchronously, because nothing is served yet. So many small reads take three times as long otherwise. */
function readMigrations(directory: string): Migration[] {
  const entries = readdirSync(directory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return names.sort().map((name) => {
    const sql = readFileSync(join(directory, name, "migration.sql"), "utf8");
    return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
  });
}

async function pendingMigrations(client: pg.ClientBase, migrations: Migration[]): Promise<Migration[]> {
  const { rows } = await client.query<{ migration_name: string; checksum: string; finished_at: Date | null }>(
    "SELECT migration_name, checksum, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NULL",
  );
  const recorded = new Map(rows.map((row) => [row.migration_name, row]));
  const known = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const { migration_name: name, checksum, finished_at } of rows) {
    const migration = known.get(name);
    if (!migration) {
      throw new StartupError(
        `The database has the migration ${name} of a newer release, which this release does not know. ` +
          "Run that release or a newer one.",
      );
    }
    if (finished_at === null) {
      throw new StartupError(
        `The migration ${name} started on this database and did not finish. Repair what it left, then delete its row ` +
          "in _prisma_migrations or mark it with prisma migrate resolve.",
      );
    }
    if (migration.checksum !== checksum) {
      throw new StartupError(
        `The migration ${name} was changed after it was applied to this database. Restore ` +
          `prisma/migrations/${name}/migration.sql and put the change into a new migration.`,
      );
    }
  }
  return migrations.filter((migration) => !recorded.has(migration.name));
}

async function applyTogether(client: pg.PoolClient, migrations: readonly Migration[]): Promise<void> {
  await client.query("BEGIN");
  let name = "";
  try {
    for (const migration of migrations) {
      name = migration.name;
      await apply(client, migration);
    }
    await client.query("COMMIT");
  } catch (cause) {
    await client.query("ROLLBACK").catch(() => undefined);
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StartupError(`The migration ${name} failed and was rolled back: ${reason}`, { cause });
  }
}

async function apply(client: pg.PoolClient, migration: Migration): Promise<void> {
  const { rows } = await client.query<{ started_at: Date }>("SELECT clock_timestamp() AS started_at");
  await client.query(migration.sql);
  await client.query(
    `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
     VALUES ($1, $2, $3, $4, clock_timestamp(), 1)`,
    [randomUUID(), migration.checksum, migration.name, rows[0]?.started_at],
  );
}
