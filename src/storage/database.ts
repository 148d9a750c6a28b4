import pg from "pg";
import type { Logger } from "../core/process/logger.ts";
import { type PrismaModels, prismaOn } from "./prisma.ts";
import { closeSilentConnections } from "./silent-connections.ts";

/** The pools, and Prisma on the main pool. Raw statements and Prisma's statements share its connections. */
export interface Database {
  pool: pg.Pool;
  /** Connections reserved for incoming messages, so that other work cannot use them up. */
  intake: pg.Pool;
  prisma: PrismaModels;
  /** Rejects if the database does not answer. */
  ping(): Promise<void>;
  /** Waits for running statements, then closes every connection. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Opens a `postgres://` URL. It connects at the first statement, and sessions use UTC. It survives a restart of the
 * server: running statements fail, later ones get new connections.
 * @param options.maxConnections total of both pools; at least two.
 */
export function openDatabase(options: { url: string; maxConnections: number; log: Logger }): Database {
  const intakeConnections = Math.max(1, Math.floor(options.maxConnections / 5));
  const pool = openPool({ ...options, maxConnections: options.maxConnections - intakeConnections });
  const intake = openPool({ ...options, maxConnections: intakeConnections });
  const prisma = prismaOn(pool);
  let closing: Promise<void> | null = null;
  return {
    pool,
    intake,
    prisma: prisma.models,
    async ping() {
      await intake.query("SELECT 1");
    },
    close() {
      closing ??= prisma.close().then(async () => {
        await Promise.all([pool.end(), intake.end()]);
      });
      return closing;
    },
  };
}

/** Time limit of a statement in milliseconds. `query_timeout` in the URL overrides it. */
const STATEMENT_MS = 30_000;

/**
 * Opens a pool that logs lost connections and continues, also when a connection stops answering.
 * @param options.setup statements that every new connection runs first, such as `SET search_path`.
 * @param options.patient waits for a statement without a time limit.
 */
export function openPool(options: {
  url: string;
  maxConnections: number;
  log: Logger;
  setup?: string[];
  patient?: boolean;
}): pg.Pool {
  // Prisma's adapter reads timestamps as UTC, whatever time zone the session has.
  const setup = ["SET timezone = 'UTC'", ...(options.setup ?? [])].join("; ");
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.maxConnections,
    application_name: "causeway",
    connectionTimeoutMillis: 10_000,
    // Connections are replaced every hour. So an old DNS entry or a leaking backend does not stay forever.
    maxLifetimeSeconds: 3_600,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    // A statement that reaches this limit removes its connection from the pool.
    ...(options.patient ? {} : { query_timeout: STATEMENT_MS }),
    // This returns a promise although its type does not show it. The pool waits for it before it hands out the
    // connection.
    onConnect: (client) => client.query(setup),
  });
  // All idle connections fail at once when the server restarts. Without a listener the error would end the process.
  pool.on("error", (error) => {
    // Log only the message. The pool attaches the whole client to the error, with the key that cancels its statements.
    options.log.warn({ reason: error.message }, "database connection lost");
  });
  // A connection can also fail between two statements of a transaction. The next statement reports that, so ignore it
  // here.
  pool.on("connect", (client) => {
    client.on("error", () => undefined);
  });
  closeSilentConnections(pool);
  return pool;
}
