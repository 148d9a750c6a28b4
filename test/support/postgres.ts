import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import type { TestProject } from "vitest/node";
import { startEmbeddedPostgres } from "../../src/storage/embedded-postgres.ts";
import { applyMigrations } from "../../src/storage/migrate.ts";
import { quietLog } from "./quiet-log.ts";

declare module "vitest" {
  export interface ProvidedContext {
    postgresUrl: string;
  }
}

const TEMPLATE = "causeway_template";

/** Vitest's global setup: one server for the whole run, and one migrated database that every test's own is copied from. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(join(tmpdir(), "causeway-test-"));
  // mkdtemp makes it private to us; the server runs as another account where we are root.
  await chmod(dataDir, 0o711);
  const server = await startEmbeddedPostgres({ dataDir, log: quietLog(), durable: false });
  await withClient(server.url, (client) => client.query(`CREATE DATABASE ${TEMPLATE}`));
  const pool = new pg.Pool({ connectionString: databaseUrl(server.url, TEMPLATE) });
  await applyMigrations(pool, quietLog());
  await pool.end();
  project.provide("postgresUrl", server.url);
  return async () => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
}

/** A database of one test's own. */
export interface TestDatabase extends AsyncDisposable {
  url: string;
  name: string;
  drop(): Promise<void>;
}

/**
 * Makes a database for one test: with all migrations, or empty. `await using database = await createTestDatabase()`.
 * Disposing drops it and cuts off whoever is still connected.
 */
export async function createTestDatabase(options: { empty?: boolean } = {}): Promise<TestDatabase> {
  const { inject } = await import("vitest");
  const serverUrl = inject("postgresUrl");
  const name = `test_${randomBytes(8).toString("hex")}`;
  const template = options.empty ? "template1" : TEMPLATE;
  await withClient(serverUrl, (client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`));
  const drop = async () => {
    await withClient(serverUrl, (client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
  };
  return { url: databaseUrl(serverUrl, name), name, drop, [Symbol.asyncDispose]: drop };
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
