import type { Job, Queue, Worker } from "bullmq";
import type { Logger } from "../core/logger.ts";
import type { NoticeTransport } from "./notice-transport.ts";
import { openPostgresQueues } from "./postgres-queues.ts";
import type { QueueStore } from "./queue-store.ts";
import { openRedisQueues } from "./redis-queues.ts";

/** BullMQ, wherever it keeps its jobs. A job is a hint that moves rows; the rows are the truth. */
export interface QueueBackend {
  kind: "redis" | "postgres";
  /** The queue of that name; the same object each time. Names hold no colon. */
  queue<T>(name: string): Queue<T>;
  /**
   * Starts working on a queue. The handler may run twice for one job (a process died, a lock was lost). What it throws
   * is tried again with exponential backoff, then kept among the failed.
   */
  worker<T>(
    name: string,
    handler: (job: Job<T>) => Promise<unknown>,
    options: { concurrency: number },
  ): Worker<T>;
  /** Carries notices between the processes that share this backend. */
  notices: NoticeTransport;
  /** Resolves when the backend answers; rejects with the reason where it does not. */
  ping(): Promise<void>;
  /** Resolves when jobs can be added; waits out a server that is not up yet. */
  waitUntilReady(): Promise<void>;
  /** Lets running jobs finish (for so long), then closes every connection. Safe to call twice. */
  close(): Promise<void>;
}

/** How long running jobs may take to finish at shutdown; their locks expire and another process takes them over. */
const CLOSE_MS = 10_000;

/**
 * Opens BullMQ on Redis where URLs are given (one server, or nodes of one cluster), otherwise on PostgreSQL (schema `bullmq` of the same database).
 * Never ends the process over a lost connection: it is logged once per outage and retried for ever.
 * @param options.prefix keeps several services on one Redis apart.
 */
export async function openQueueBackend(options: {
  redisUrls?: readonly string[] | null;
  databaseUrl: string;
  prefix?: string;
  log: Logger;
}): Promise<QueueBackend> {
  const { redisUrls, databaseUrl, prefix = "causeway", log } = options;
  const store = redisUrls
    ? await openRedisQueues({ urls: redisUrls, prefix, log })
    : openPostgresQueues({ databaseUrl, log });
  await store.waitUntilReady();
  return trackQueues(store, log);
}

function trackQueues(store: QueueStore, log: Logger): QueueBackend {
  const queues = new Map<string, Queue>();
  const workers: Worker[] = [];
  let closing: Promise<void> | null = null;

  async function shutDown(): Promise<void> {
    await Promise.all(workers.map(closeWorker));
    await Promise.all([...queues.values()].map((queue) => queue.close().catch(() => undefined)));
    await store.close();
  }

  return {
    ...store,
    queue<T>(name: string): Queue<T> {
      const known = queues.get(name);
      // A name stands for one kind of job; the map cannot say so.
      if (known) return known as Queue<T>;
      const queue = store.createQueue<T>(name);
      queue.on("error", ignoreReported);
      queues.set(name, queue);
      return queue;
    },
    worker<T>(
      name: string,
      handler: (job: Job<T>) => Promise<unknown>,
      { concurrency }: { concurrency: number },
    ) {
      const worker = store.createWorker<T>(name, handler, concurrency);
      worker.on("error", (error) => log.debug({ err: error, queue: name }, "queue worker"));
      worker.on("failed", (job, error) => {
        log.warn({ err: error, queue: name, job_id: job?.id, attempt: job?.attemptsMade }, "job failed");
      });
      workers.push(worker);
      return worker;
    },
    close() {
      closing ??= shutDown();
      return closing;
    },
  };
}

/** A worker that cannot reach its server would wait for it for ever. */
async function closeWorker(worker: Worker): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      worker.close(true).catch(() => undefined);
      resolve();
    }, CLOSE_MS);
  });
  await Promise.race([worker.close().catch(() => undefined), late]);
  clearTimeout(timer);
}

/** The store reports lost connections, once per outage; without a listener the same errors would end the process. */
function ignoreReported(): void {}
