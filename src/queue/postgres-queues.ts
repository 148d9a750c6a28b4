import {
  createPostgresBackend,
  type Job,
  type PostgresConnectionOptions,
  type PostgresQueueBackend,
  Queue,
  Worker,
} from "bullmq";
import type { Logger } from "../core/process/logger.ts";
import { bullmqConnection } from "./bullmq-connection.ts";
import { jobDefaults, workerDefaults } from "./job-defaults.ts";
import { postgresNotices } from "./postgres-notices.ts";
import { openQueueConnections } from "./queue-connections.ts";
import type { QueueStore } from "./queue-store.ts";
import { prepareQueueTables } from "./queue-tables.ts";

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
  const { databaseUrl: url, databaseConnections: most = 20, log } = options;
  const connections = openQueueConnections({ url, most, log });
  const { queries, connect, listen, close } = connections;
  const working = bullmqConnection(queries, listen);
  // A queue only looks at the version of the tables. It needs no connection that listens.
  const adding = bullmqConnection(queries, connect);
  const ready = prepareQueueTables(connections);
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
      >(
        name,
        { connection: adding, skipVersionCheck: false, defaultJobOptions: jobDefaults },
        createPostgresBackend,
      );
      return addFewSingly(asDefault<Queue<T>>(queue));
    },
    createWorker<T>(name: string, handler: (job: Job<T>) => Promise<unknown>, concurrency: number) {
      const worker = new Worker(
        name,
        handler,
        { ...workerDefaults, connection: working, skipVersionCheck: false, concurrency },
        createPostgresBackend,
      );
      return asDefault<Worker<T>>(worker);
    },
    notices: postgresNotices({ queries, connect: listen }),
    async ping() {
      await queries.query("SELECT 1");
    },
    waitUntilReady: () => ready,
    close,
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
