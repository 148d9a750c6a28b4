import { randomBytes } from "node:crypto";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import type { TestProject } from "vitest/node";
import { openQueueBackend } from "../../src/queue/queue-backend.ts";
import { startEmbeddedPostgres } from "../../src/storage/embedded/embedded-postgres.ts";
import { migrateDatabase } from "../../src/storage/migrate.ts";
import { copyCluster } from "./prepared-cluster.ts";
import { quietLog } from "./quiet-log.ts";

declare module "vitest" {
  export interface ProvidedContext {
    postgresUrl: string;
  }
}

/** The database of the embedded server. Nothing connects to it once it is migrated, so it can be copied. */
const TEMPLATE = "causeway";
let maker: pg.Pool | null = null;

/** Vitest's global setup: one server for the whole run, and one migrated database that is copied for every test. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(join(tmpdir(), "causeway-test-"));
  // `mkdtemp` makes it private to us, but as root the server runs under another account.
  await chmod(dataDir, 0o711);
  const start = () => startEmbeddedPostgres({ dataDir, log: quietLog(), durable: false });
  const preparing = await start();
  await migrate(preparing.url);
  await preparing.stop();
  const prepared = join(dataDir, "prepared");
  await mkdir(prepared);
  await copyCluster(dataDir, prepared);
  project.provide("preparedCluster", prepared);
  const server = await start();
  await makeFrugal(server.url, join(dataDir, "postgres", "pg_hba.conf"));
  project.provide("postgresUrl", databaseUrl(server.url, "postgres"));
  return async () => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
}

/** Reduces costs that make no sense for a run with a thousand small databases, each of which exists for seconds. */
async function makeFrugal(serverUrl: string, accessRules: string): Promise<void> {
  await withClient(serverUrl, async (client) => {
    // Every application opens some fifteen connections. Checking the password of each takes a fifth of its start.
    await writeFile(accessRules, "local all all trust\n");
    await client.query("ALTER SYSTEM SET autovacuum = off");
    await client.query("SELECT pg_reload_conf()");
  });
}

/** Includes the tables of the queue. Creating them for each test would cost as much as the rest of its start. */
async function migrate(url: string): Promise<void> {
  await migrateDatabase({ url, log: quietLog() });
  const queues = await openQueueBackend({ databaseUrl: url, log: quietLog() });
  await queues.close();
}

/** A database for one test. */
export interface TestDatabase extends AsyncDisposable {
  url: string;
  name: string;
  drop(): Promise<void>;
}

/**
 * Creates a database for one test: with all migrations, or empty. `await using database = await createTestDatabase()`.
 * Disposing drops it and closes all its connections.
 */
export async function createTestDatabase(options: { empty?: boolean } = {}): Promise<TestDatabase> {
  const { inject } = await import("vitest");
  const serverUrl = inject("postgresUrl");
  const name = `test_${randomBytes(8).toString("hex")}`;
  const template = options.empty ? "template1" : TEMPLATE;
  const pool = connection(serverUrl);
  // Copying the files costs half as much as logging every page of them.
  await pool.query(`CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY FILE_COPY`);
  const drop = async () => {
    await pool.query(untilLeft(name));
    await pool.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  };
  return { url: databaseUrl(serverUrl, name), name, drop, [Symbol.asyncDispose]: drop };
}

/**
 * Waits at most half a second for a database's connections to close. A pool reports its end before its connections have
 * closed. The error of a connection that is closed in that time has no listener.
 */
function untilLeft(database: string): string {
  return `DO $$ BEGIN FOR look IN 1..100 LOOP
    PERFORM pg_stat_clear_snapshot();
    EXIT WHEN NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = '${database}');
    PERFORM pg_sleep(0.005);
  END LOOP; END $$`;
}

/**
 * Opens a pool for a test's own statements. A pool reports its end before its connections have closed. Dropping the
 * database then ends them with an error, which would stop the run if nobody listened.
 */
export function testPool(url: string, max = 10): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max });
  pool.on("error", () => undefined);
  return pool;
}

/** One pool for all databases that this process creates and drops. */
function connection(serverUrl: string): pg.Pool {
  if (maker) return maker;
  maker = new pg.Pool({ connectionString: serverUrl, max: 1, idleTimeoutMillis: 0, allowExitOnIdle: true });
  // The server stops before this process does.
  maker.on("error", () => undefined);
  return maker;
}

function databaseUrl(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
