import { type Job, Queue, Worker } from "bullmq";
import type { Logger } from "../core/process/logger.ts";
import { findRedis } from "./find-redis.ts";
import { jobDefaults, workerDefaults } from "./job-defaults.ts";
import { createOutageLog } from "./outage-log.ts";
import type { QueueStore } from "./queue-store.ts";
import type { RedisClient } from "./redis-clients.ts";
import { redisCluster } from "./redis-cluster.ts";
import { redisNotices } from "./redis-notices.ts";
import { redisServer } from "./redis-server.ts";

/**
 * BullMQ on Redis or Valkey, a single server or a cluster. Uses two shared clients (producer, worker), and one more per
 * worker that waits for jobs. Resolves once it knows if there is a single server or a cluster.
 * @throws StartupError if the servers do not belong together.
 */
export async function openRedisQueues(options: {
  urls: readonly string[];
  prefix: string;
  signal: AbortSignal | undefined;
  log: Logger;
}): Promise<QueueStore> {
  const { urls, prefix, signal, log } = options;
  const outage = createOutageLog(log, "redis");
  const target = await findRedis(urls, outage, signal);
  const clients =
    target.kind === "cluster" ? redisCluster(target.nodes, outage) : redisServer(target.url, outage);
  const { producer } = clients;
  let workerClient: RedisClient | null = null;
  return {
    kind: "redis",
    createQueue<T>(name: string) {
      // The setup of a queue sends no command, so an outage at that moment cannot break it.
      const shared = { connection: producer, prefix, skipVersionCheck: true };
      return new Queue<T>(clients.keyName(name), { ...shared, defaultJobOptions: jobDefaults });
    },
    createWorker<T>(name: string, handler: (job: Job<T>) => Promise<unknown>, concurrency: number) {
      workerClient ??= clients.openWorkerClient();
      const shared = { connection: workerClient, prefix, concurrency };
      return new Worker<T>(clients.keyName(name), handler, { ...workerDefaults, ...shared });
    },
    notices: redisNotices(clients, `${prefix}:notices`),
    ping: () => clients.check(),
    async waitUntilReady() {
      if (producer.status === "ready") return;
      await new Promise<void>((resolve) => producer.once("ready", resolve));
    },
    async close() {
      clients.close();
      workerClient?.disconnect();
    },
  };
}
