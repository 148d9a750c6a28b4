import { randomUUID } from "node:crypto";
import type pg from "pg";
import { StartupError } from "../core/faults/errors.ts";
import type { Logger } from "../core/process/logger.ts";
import { openPool } from "./database.ts";
import { MIGRATIONS_DIRECTORY, type Migration, readMigrations } from "./migration-files.ts";
import { appliedMigrations, CREATE_LEDGER, hasLedger, pendingMigrations } from "./migration-record.ts";

/** The lock that Prisma's command line takes. So Prisma and this service never migrate at the same time. */
const PRISMA_LOCK = 72707369;

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
