import type { Job, Queue, Worker } from "bullmq";
import { abortable } from "../core/process/abortable.ts";
import type { Logger } from "../core/process/logger.ts";
import { wait } from "../core/time/wait.ts";
import type { NoticeTransport } from "./notice-transport.ts";
import { openPostgresQueues } from "./postgres-queues.ts";
import type { QueueStore } from "./queue-store.ts";
import { openRedisQueues } from "./redis-queues.ts";

/** BullMQ on either store. A job is only a hint to process rows; the rows are the source of truth. */
export interface QueueBackend {
  kind: "redis" | "postgres";
  /** Returns the queue of that name, the same object each time. Names must not contain a colon. */
  queue<T>(name: string): Queue<T>;
  /**
   * Starts a worker for a queue. The handler may run twice for one job (a process died, a lock was lost). If it throws,
   * the job is retried with exponential backoff, and then kept as a failed job.
   */
  worker<T>(
    name: string,
    handler: (job: Job<T>) => Promise<unknown>,
    options: { concurrency: number },
  ): Worker<T>;
  /** Sends notices between the processes that share this backend. */
  notices: NoticeTransport;
  /** Resolves when the backend answers. Rejects with the reason if it does not. */
  ping(): Promise<void>;
  /** Resolves when jobs can be added. Waits if the server is not up yet. */
  waitUntilReady(): Promise<void>;
  /** Lets running jobs finish within this time, then closes every connection. Safe to call twice. */
  close(withinMs?: number): Promise<void>;
}

/** Time for running jobs to finish at shutdown. After it their locks expire, and another process takes them over. */
const CLOSE_MS = 10_000;
/** Time for the backend to record that a job is done, in milliseconds. A backend that is down never records it. */
const ACK_TIMEOUT_MS = 1_000;

/**
 * Opens BullMQ on Redis if URLs are given (one server, or nodes of one cluster). Otherwise opens it on PostgreSQL
 * (schema `bullmq` of the same database). A lost connection never ends the process: it is logged once per outage and
 * retried forever.
 * @param options.prefix separates several services on one Redis.
 * @param options.signal stops the waiting for a server that is down. The waiting has no other limit.
 */
export async function openQueueBackend(options: {
  redisUrls?: readonly string[] | null;
  databaseUrl: string;
  /** Connections of the service beside those of the queue. Default: 20. */
  databaseConnections?: number;
  prefix?: string;
  signal?: AbortSignal | undefined;
  log: Logger;
}): Promise<QueueBackend> {
  const { redisUrls, databaseUrl, databaseConnections, prefix = "causeway", signal, log } = options;
  const store = redisUrls
    ? await openRedisQueues({ urls: redisUrls, prefix, signal, log })
    : openPostgresQueues({ databaseUrl, databaseConnections, log });
  try {
    await abortable(store.waitUntilReady(), signal);
  } catch (error) {
    await store.close();
    throw error;
  }
  return createQueueBackend(store, log);
}

/** Keeps one queue for each name, and knows the running jobs, so that a stop can wait for them. */
export function createQueueBackend(store: QueueStore, log: Logger): QueueBackend {
  const queues = new Map<string, Queue>();
  const workers: Worker[] = [];
  const running = new Set<Promise<unknown>>();
  let closing: Promise<void> | null = null;

  /**
   * Waits for the work of this process. It does not wait for a server that may be down, since that could last forever.
   */
  async function shutDown(withinMs: number): Promise<void> {
    const done = new AbortController();
    const allClosed = (all: Iterable<{ close(): Promise<void> }>) =>
      Promise.all([...all].map((each) => each.close().catch(() => undefined)));
    const workersClosed = allClosed(workers);
    await Promise.race([workersClosed, idle(done.signal), wait(withinMs, done.signal)]);
    await Promise.race([allClosed(queues.values()), wait(ACK_TIMEOUT_MS, done.signal)]);
    done.abort();
    await store.close();
  }

  /**
   * Resolves when no job runs any more. A worker that closes may still start a job: one that it was fetching. Then the
   * wait begins again.
   */
  async function idle(signal: AbortSignal): Promise<void> {
    do {
      await Promise.allSettled([...running]);
      await wait(ACK_TIMEOUT_MS, signal);
    } while (running.size > 0 && !signal.aborted);
  }

  /** Tracks the jobs that are running. */
  function tracked<T>(handler: (job: Job<T>) => Promise<unknown>) {
    return async (job: Job<T>): Promise<unknown> => {
      const work = handler(job);
      const finished: Promise<unknown> = work.then(
        () => running.delete(finished),
        () => running.delete(finished),
      );
      running.add(finished);
      return await work;
    };
  }

  return {
    ...store,
    queue<T>(name: string): Queue<T> {
      const known = queues.get(name);
      // A name stands for one type of job, but the map's type cannot express that.
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
      const worker = store.createWorker<T>(name, tracked(handler), concurrency);
      worker.on("error", (error) => log.debug({ err: error, queue: name }, "queue worker"));
      worker.on("failed", (job, error) => {
        log.warn({ err: error, queue: name, job_id: job?.id, attempt: job?.attemptsMade }, "job failed");
      });
      workers.push(worker);
      return worker;
    },
    close(withinMs = CLOSE_MS) {
      closing ??= shutDown(withinMs);
      return closing;
    },
  };
}

/**
 * Does nothing. The store reports lost connections, once per outage. Without a listener the same errors would end the
 * process.
 */
function ignoreReported(): void {}
