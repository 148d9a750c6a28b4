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
import type { Pool, PoolClient } from "pg";
import type { Logger } from "../core/process/logger.ts";
import { watchConnection } from "../storage/connection-check.ts";
import { openPool } from "../storage/database.ts";
import { jobDefaults, workerDefaults } from "./job-defaults.ts";
import { createOutageLog } from "./outage-log.ts";
import { postgresNotices } from "./postgres-notices.ts";
import type { QueueStore } from "./queue-store.ts";
import { shareListener } from "./shared-listener.ts";

/** The queue's connections for statements as a share of those of the service. Workers and notices listen on one more. */
const SHARE_OF_CONNECTIONS = 0.4;
const RETRY_MS = 250;
/** Shows operators which connection waits without ever sending a statement. */
const NAMED_LISTENER = "SET application_name = 'causeway-listener'";

/**
 * BullMQ on PostgreSQL, in the schema `bullmq`. Its commits do not wait for the disk (`synchronous_commit = off`). A
 * crash of the server may lose the last jobs, but never rows, and the reconciler enqueues those rows again.
 * This setting makes adding and working about 50 % faster. Prepared statements add another third.
 */
export function openPostgresQueues(options: {
  databaseUrl: string;
  databaseConnections?: number | undefined;
  log: Logger;
}): QueueStore {
  const { databaseUrl: url, databaseConnections = 20, log } = options;
  const outage = createOutageLog(log, "postgres queue");
  const setup = ["SET search_path = bullmq", "SET synchronous_commit = off"];
  const queries = openPool({
    url,
    maxConnections: Math.max(2, Math.floor(databaseConnections * SHARE_OF_CONNECTIONS)),
    log,
    setup,
  });
  // Two, because a lost connection may still be closing when the next one opens.
  const listeners = openPool({ url, maxConnections: 2, log, setup: [...setup, NAMED_LISTENER] });
  // Every queue and worker adds an error listener to this object, since each takes it for its own pool.
  queries.setMaxListeners(0);
  const handedOut = new Set<PoolClient>();
  let closing = false;

  /**
   * Opens a connection, and waits if the server is down. BullMQ remembers a failed first connection and would stay
   * broken.
   */
  async function connectTo(pool: Pool) {
    for (;;) {
      try {
        const client = lend(await pool.connect());
        outage.restored();
        if (!closing) return client;
        // The caller is gone and would never release it.
        client.release(true);
        throw new Error("the queue is closed");
      } catch (error) {
        if (closing) throw error;
        outage.lost(error);
        await delay(RETRY_MS);
      }
    }
  }

  const connect = shareListener(() => connectTo(listeners));

  /**
   * Allows several calls of `release`: each part that notices a lost connection releases it. A second release would
   * throw inside an event handler, which would end the process.
   * A connection that listens sends nothing, so it never notices that the network drops it silently. Jobs would then
   * wait for BullMQ's next look at the table. The check reports the loss as an error of the connection.
   */
  function lend(client: PoolClient): PoolClient {
    const release = client.release.bind(client);
    handedOut.add(client);
    const stopWatching = watchConnection(client, (error) => client.emit("error", error));
    client.release = (destroy) => {
      stopWatching();
      if (handedOut.delete(client)) release(destroy);
    };
    return client;
  }

  async function prepare(): Promise<void> {
    // The queue's statements use this connection afterwards.
    const client = await connectTo(queries);
    let changed = true;
    try {
      // Creating tables needs a right that a service with a separate role lacks. If the tables exist, it does not need
      // it.
      if ((await schemaVersion(client)) >= LATEST_SCHEMA_VERSION) changed = false;
      else {
        // Keep the new tables through a crash: without them every queue would stop until a restart.
        await client.query("SET synchronous_commit = on");
        await runMigrations(client);
      }
    } finally {
      client.release(changed);
    }
  }

  const connection: PostgresConnectionOptions = {
    query: (text, values) =>
      values ? queries.query({ name: statementName(text), text, values: [...values] }) : queries.query(text),
    connect,
    options: { keepAlive: true },
    end: async () => undefined,
    on() {
      return this;
    },
    removeAllListeners() {
      return this;
    },
  };
  const shared = { connection, skipVersionCheck: false };
  // A queue only looks at the version of the tables. It needs no connection that listens.
  const adding = { ...connection, connect: () => connectTo(queries) };
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
      >(name, { ...shared, connection: adding, defaultJobOptions: jobDefaults }, createPostgresBackend);
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
      // BullMQ forgets a connection that was lost during its setup. The pool would wait for it forever.
      for (const client of [...handedOut]) client.release(true);
      await Promise.all([queries.end(), listeners.end()]);
    },
  };
}

/**
 * Up to this number, jobs are added one by one. BullMQ's bulk insert creates two temporary tables each time, which
 * costs as much as this many single inserts.
 */
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

/** Removes the backend from BullMQ's types. Everything that a stage calls is the same on both backends. */
function asDefault<T>(on: unknown): T {
  return on as T;
}

const statementNames = new Map<string, string>();

/** Names a statement, so that Postgres keeps its plan. BullMQ uses a fixed set of a few dozen statements. */
function statementName(text: string): string {
  const known = statementNames.get(text);
  if (known) return known;
  const name = `bullmq_${statementNames.size}`;
  statementNames.set(text, name);
  return name;
}

/** Schema version of BullMQ's tables; 0 if there are none. */
async function schemaVersion(client: PoolClient): Promise<number> {
  return await assertSchemaCompatibility(client).catch((error: unknown) => {
    if (error instanceof SchemaMigrationRequiredError) return 0;
    throw error;
  });
}
