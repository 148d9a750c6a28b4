import { createHash } from "node:crypto";
import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import type { Logger } from "../core/logger.ts";
import { PrismaClient } from "./generated/client.ts";

/** One pool, and Prisma over the same pool: raw statements and Prisma's share the connections. */
export interface Database {
  pool: pg.Pool;
  prisma: PrismaClient;
  /** Waits for statements under way, then closes every connection. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Connects lazily to a `postgres://` URL; sessions speak UTC. Survives a restart of the server: statements under way
 * fail, later ones get new connections.
 */
export function openDatabase(options: { url: string; maxConnections: number; log: Logger }): Database {
  const pool = openPool(options);
  const prisma = new PrismaClient({
    adapter: new PrismaPg(pool, { statementNameGenerator: (query) => statementName(query.sql) }),
  });
  let closing: Promise<void> | null = null;
  return {
    pool,
    prisma,
    close() {
      closing ??= prisma.$disconnect().then(() => pool.end());
      return closing;
    },
  };
}

/** How long a statement is waited for, milliseconds; `query_timeout` in the URL says otherwise. */
const STATEMENT_MS = 30_000;

/**
 * A pool that logs and outlives lost connections, those too that just fall silent.
 * @param options.setup statements every new connection runs first, such as `SET search_path`.
 * @param options.patient waits for a statement however long it takes.
 */
export function openPool(options: {
  url: string;
  maxConnections: number;
  log: Logger;
  setup?: string[];
  patient?: boolean;
}): pg.Pool {
  // Prisma's adapter reads timestamps as UTC whatever the session says.
  const setup = ["SET timezone = 'UTC'", ...(options.setup ?? [])].join("; ");
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.maxConnections,
    application_name: "causeway",
    connectionTimeoutMillis: 10_000,
    // A connection is replaced now and then, so a changed DNS entry or a leaking backend does not stay for good.
    maxLifetimeSeconds: 3_600,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    // A statement that fails by it takes its connection out of the pool.
    ...(options.patient ? {} : { query_timeout: STATEMENT_MS }),
    // A promise although its type says nothing: the pool waits for it before anybody gets the connection.
    onConnect: (client) => client.query(setup),
  });
  // Idle connections fail all at once when the server restarts; without a listener that would end the process.
  pool.on("error", (error) => {
    // Not the error itself: the pool hangs the whole client on it, with the key that cancels its statements.
    options.log.warn({ reason: error.message }, "database connection lost");
  });
  // The same for one that is lost between two statements of a transaction: the next statement reports it.
  pool.on("connect", (client) => {
    client.on("error", () => undefined);
  });
  return pool;
}

/** Prepared statements are kept per connection under a name; 16 hex digits tell Prisma's statements apart. */
function statementName(sql: string): string {
  return createHash("sha1").update(sql).digest("hex").slice(0, 16);
}
