import { type Job, Queue, Worker } from "bullmq";
import type { Logger } from "../core/logger.ts";
import { findRedis } from "./find-redis.ts";
import { jobDefaults, workerDefaults } from "./job-defaults.ts";
import { createOutageLog } from "./outage-log.ts";
import type { QueueStore } from "./queue-store.ts";
import type { RedisClient } from "./redis-clients.ts";
import { redisCluster } from "./redis-cluster.ts";
import { redisNotices } from "./redis-notices.ts";
import { redisServer } from "./redis-server.ts";

/**
 * BullMQ on Redis or Valkey, one server or a cluster. Two shared clients (adding, working), and one more per worker on
 * which it waits. Resolves once it is known which of the two it is.
 * @throws StartupError where the servers cannot be used together.
 */
export async function openRedisQueues(options: {
  urls: readonly string[];
  prefix: string;
  log: Logger;
}): Promise<QueueStore> {
  const { urls, prefix, log } = options;
  const outage = createOutageLog(log, "redis");
  const place = await findRedis(urls, outage);
  const clients =
    place.kind === "cluster" ? redisCluster(place.nodes, outage) : redisServer(place.url, outage);
  const { adding } = clients;
  let working: RedisClient | null = null;
  return {
    kind: "redis",
    createQueue<T>(name: string) {
      // Nothing is asked of the server for it, so that it cannot be spoilt by an outage while it is set up.
      const shared = { connection: adding, prefix, skipVersionCheck: true };
      return new Queue<T>(clients.keyName(name), { ...shared, defaultJobOptions: jobDefaults });
    },
    createWorker<T>(name: string, handler: (job: Job<T>) => Promise<unknown>, concurrency: number) {
      working ??= clients.openWorking();
      const shared = { connection: working, prefix, concurrency };
      return new Worker<T>(clients.keyName(name), handler, { ...workerDefaults, ...shared });
    },
    notices: redisNotices(clients, `${prefix}:notices`),
    ping: () => clients.check(),
    async waitUntilReady() {
      if (adding.status === "ready") return;
      await new Promise<void>((resolve) => adding.once("ready", resolve));
    },
    async close() {
      clients.close();
      working?.disconnect();
    },
  };
}
