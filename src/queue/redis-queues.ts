import { type Job, Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import type { Logger } from "../core/logger.ts";
import { jobDefaults, workerDefaults } from "./job-defaults.ts";
import type { NoticeTransport } from "./notice-transport.ts";
import { createOutageLog, type OutageLog } from "./outage-log.ts";
import type { QueueStore } from "./queue-store.ts";

/**
 * BullMQ on Redis or Valkey. Two shared connections (adding, working), and one more per worker on which it waits.
 */
export function openRedisQueues(options: { url: string; prefix: string; log: Logger }): QueueStore {
  const { url, prefix, log } = options;
  const outage = createOutageLog(log, "redis");
  // Adding gives up soon: the row is committed, and the reconciler enqueues it once Redis is back.
  const adding = connect(url, outage, { maxRetriesPerRequest: 3 });
  let working: Redis | null = null;
  return {
    kind: "redis",
    createQueue<T>(name: string) {
      return new Queue<T>(name, { connection: adding, prefix, defaultJobOptions: jobDefaults });
    },
    createWorker<T>(name: string, handler: (job: Job<T>) => Promise<unknown>, concurrency: number) {
      working ??= connect(url, outage, { maxRetriesPerRequest: null });
      return new Worker<T>(name, handler, { ...workerDefaults, connection: working, prefix, concurrency });
    },
    notices: redisNotices({ url, channel: `${prefix}:notices`, sender: adding, outage }),
    async ping() {
      await adding.ping();
    },
    async waitUntilReady() {
      if (adding.status === "ready") return;
      await new Promise<void>((resolve) => adding.once("ready", resolve));
    },
    async close() {
      adding.disconnect();
      working?.disconnect();
    },
  };
}

/** Longer than BullMQ ever lets Redis wait before it answers (10 s): silence beyond it is a connection that is gone. */
const SILENCE_MS = 15_000;

function connect(url: string, outage: OutageLog, options: { maxRetriesPerRequest: number | null }): Redis {
  const redis = new Redis(url, {
    ...options,
    connectTimeout: 5_000,
    socketTimeout: SILENCE_MS,
    retryStrategy,
  });
  redis.on("error", (error) => outage.lost(error));
  redis.on("ready", () => outage.restored());
  return redis;
}

/** 50 ms, doubled up to 2 s, for ever. */
function retryStrategy(attempt: number): number {
  return Math.min(50 * 2 ** Math.min(attempt - 1, 10), 2_000);
}

function redisNotices(options: {
  url: string;
  channel: string;
  sender: Redis;
  outage: OutageLog;
}): NoticeTransport {
  const { url, channel, sender, outage } = options;
  return {
    async send(texts) {
      const pipeline = sender.pipeline();
      for (const text of texts) pipeline.publish(channel, text);
      await pipeline.exec();
    },
    async listen(onText) {
      // A connection that subscribes can do nothing else; ioredis subscribes again after it reconnects.
      const listener = connect(url, outage, { maxRetriesPerRequest: null });
      listener.on("message", (_channel, text) => onText(text));
      await listener.subscribe(channel);
      // Who only listens would never learn that the other end is gone without a word.
      const pulse = setInterval(() => void listener.ping().catch(() => undefined), SILENCE_MS);
      pulse.unref();
      return async () => {
        clearInterval(pulse);
        listener.disconnect();
      };
    },
  };
}
