import { setTimeout as delay } from "node:timers/promises";
import {
  assertSchemaCompatibility,
  createPostgresBackend,
  type Job,
  LATEST_SCHEMA_VERSION,
  type PostgresConnectionOptions,
  type PostgresQueueBackend,
  Queue,
  runMigrations,
  SchemaMigrationRequiredError,
  Worker,
} from "bullmq";
import type { PoolClient } from "pg";
import type { Logger } from "../core/logger.ts";
import { openPool } from "../storage/database.ts";
import { jobDefaults, workerDefaults } from "./job-defaults.ts";
import { createOutageLog } from "./outage-log.ts";
import { postgresNotices } from "./postgres-notices.ts";
import type { QueueStore } from "./queue-store.ts";

/** Connections for statements; each worker and the notices hold one more on which they listen. */
const QUERY_CONNECTIONS = 8;
const RETRY_MS = 250;

/**
 * BullMQ on PostgreSQL, in the schema `bullmq`. Its commits do not wait for the disk (`synchronous_commit = off`): a
 * crash of the server may take the last jobs, never rows, and the reconciler enqueues those again. That alone makes
 * adding and working about half again as fast; keeping its statements prepared, another third.
 */
export function openPostgresQueues(options: { databaseUrl: string; log: Logger }): QueueStore {
  const { databaseUrl: url, log } = options;
  const outage = createOutageLog(log, "postgres queue");
  const setup = ["SET search_path = bullmq", "SET synchronous_commit = off"];
  const queries = openPool({ url, maxConnections: QUERY_CONNECTIONS, log, setup });
  const listeners = openPool({ url, maxConnections: 1_000, log, setup });
  // Every queue and worker adds an error listener to what it takes for its pool.
  queries.setMaxListeners(0);
  const handedOut = new Set<PoolClient>();
  let closing = false;

  /** Waits out a server that is away: BullMQ remembers a first connection that failed, and would stay broken. */
  async function connect() {
    for (;;) {
      try {
        const client = lend(await listeners.connect());
        outage.restored();
        return client;
      } catch (error) {
        if (closing) throw error;
        outage.lost(error);
        await delay(RETRY_MS);
      }
    }
  }

  /** A lost connection is given back by whoever notices first, and an error thrown in its event would end the process. */
  function lend(client: PoolClient): PoolClient {
    const release = client.release.bind(client);
    handedOut.add(client);
    client.release = (destroy) => {
      if (handedOut.delete(client)) release(destroy);
    };
    return client;
  }

  async function prepare(): Promise<void> {
    const client = await connect();
    try {
      // Queue tables that a crash took back could not be missed without stopping every queue until a restart.
      await client.query("SET synchronous_commit = on");
      // Making tables takes a right that a service with a role of its own does not have, and does not need.
      if ((await schemaVersion(client)) < LATEST_SCHEMA_VERSION) await runMigrations(client);
    } finally {
      client.release(true);
    }
  }

  const connection: PostgresConnectionOptions = {
    query: (text, values) =>
      values ? queries.query({ name: statementName(text), text, values: [...values] }) : queries.query(text),
    connect,
    end: async () => undefined,
    on() {
      return this;
    },
    removeAllListeners() {
      return this;
    },
  };
  const shared = { connection, skipVersionCheck: false };
  const ready = prepare();
  ready.catch(() => undefined);
  return {
    kind: "postgres",
    createQueue<T>(name: string) {
      const queue = new Queue<
        T,
        void,
        string,
        T,
        void,
        string,
        PostgresQueueBackend,
        PostgresConnectionOptions
      >(name, { ...shared, defaultJobOptions: jobDefaults }, createPostgresBackend);
      return addFewSingly(asDefault<Queue<T>>(queue));
    },
    createWorker<T>(name: string, handler: (job: Job<T>) => Promise<unknown>, concurrency: number) {
      const worker = new Worker(
        name,
        handler,
        { ...workerDefaults, ...shared, concurrency },
        createPostgresBackend,
      );
      return asDefault<Worker<T>>(worker);
    },
    notices: postgresNotices({ queries, connect }),
    async ping() {
      await queries.query("SELECT 1");
    },
    waitUntilReady: () => ready,
    async close() {
      closing = true;
      // BullMQ forgets a connection that was lost while it was being set up; the pool would wait for it for ever.
      for (const client of [...handedOut]) client.release(true);
      await Promise.all([queries.end(), listeners.end()]);
    },
  };
}

/** BullMQ's bulk insert makes two temporary tables each time, which costs as much as so many single ones. */
const FEW = 4;

function addFewSingly<T>(queue: Queue<T>): Queue<T> {
  const addMany = queue.addBulk.bind(queue);
  queue.addBulk = async (jobs) => {
    if (jobs.length > FEW) return await addMany(jobs);
    const added = [];
    for (const job of jobs) added.push(await queue.add(job.name, job.data, job.opts));
    return added;
  };
  return queue;
}

/** BullMQ's types name the backend; everything a stage calls is the same on both. */
function asDefault<T>(on: unknown): T {
  return on as T;
}

const statementNames = new Map<string, string>();

/** BullMQ's statements are a fixed few dozen texts; a name makes Postgres keep each one planned. */
function statementName(text: string): string {
  const known = statementNames.get(text);
  if (known) return known;
  const name = `bullmq_${statementNames.size}`;
  statementNames.set(text, name);
  return name;
}

/** Of BullMQ's tables; 0 where there are none. */
async function schemaVersion(client: PoolClient): Promise<number> {
  return await assertSchemaCompatibility(client).catch((error: unknown) => {
    if (error instanceof SchemaMigrationRequiredError) return 0;
    throw error;
  });
}
