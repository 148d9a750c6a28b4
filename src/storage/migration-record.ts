import type pg from "pg";
import { StartupError } from "../core/faults/errors.ts";
import { MIGRATIONS_DIRECTORY, type Migration, readMigrations } from "./migration-files.ts";

/** The table in which Prisma records migrations. */
export const CREATE_LEDGER = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id VARCHAR(36) PRIMARY KEY NOT NULL,
  checksum VARCHAR(64) NOT NULL,
  finished_at TIMESTAMPTZ,
  migration_name VARCHAR(255) NOT NULL,
  logs TEXT,
  rolled_back_at TIMESTAMPTZ,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  applied_steps_count INTEGER NOT NULL DEFAULT 0
)`;

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
export async function hasLedger(client: Pick<pg.ClientBase | pg.Pool, "query">): Promise<boolean> {
  const { rowCount } = await client.query("SELECT 1 WHERE to_regclass('_prisma_migrations') IS NOT NULL");
  return rowCount === 1;
}

/** The migrations that the database lacks. Throws a StartupError if the database and the files contradict each other. */
export async function pendingMigrations(
  client: pg.ClientBase,
  migrations: Migration[],
): Promise<Migration[]> {
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
