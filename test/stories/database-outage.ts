import pg from "pg";
import { inject } from "vitest";
import type { TestDatabase } from "../support/postgres.ts";

/** An outage of one database: every connection is cut, and no new one is accepted until it ends. */
export async function closeDatabase(
  database: TestDatabase,
): Promise<AsyncDisposable & { end(): Promise<void> }> {
  const admin = new pg.Client(inject("postgresUrl"));
  await admin.connect();
  await admin.query(`ALTER DATABASE ${database.name} WITH ALLOW_CONNECTIONS false`);
  await admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", [
    database.name,
  ]);
  let ended: Promise<void> | null = null;
  const end = () => {
    ended ??= (async () => {
      await admin.query(`ALTER DATABASE ${database.name} WITH ALLOW_CONNECTIONS true`);
      await admin.end();
    })();
    return ended;
  };
  return { end, [Symbol.asyncDispose]: end };
}

/** Locks a table, so that every statement on it waits until the release. */
export async function lockTable(
  database: TestDatabase,
  table: string,
): Promise<AsyncDisposable & { release(): Promise<void> }> {
  const client = new pg.Client(database.url);
  await client.connect();
  await client.query("BEGIN");
  await client.query(`LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
  let released: Promise<void> | null = null;
  const release = () => {
    released ??= client.end();
    return released;
  };
  return { release, [Symbol.asyncDispose]: release };
}
