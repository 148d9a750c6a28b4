import { Redis } from "ioredis";
import type { OutageLog } from "./outage-log.ts";
import { type RedisClients, retryDelay, socketOptions } from "./redis-clients.ts";

/** Clients of a single Redis or Valkey. */
export function redisServer(url: string, outage: OutageLog): RedisClients {
  function open(maxRetriesPerRequest: number | null): Redis {
    const redis = new Redis(url, { ...socketOptions, maxRetriesPerRequest, retryStrategy: retryDelay });
    redis.on("error", (error) => outage.lost(error));
    redis.on("ready", () => outage.restored());
    return redis;
  }

  const producer = open(3);
  return {
    producer,
    publisher: producer,
    openWorkerClient: () => open(null),
    openSubscriber: () => open(null),
    keyName: (queue) => queue,
    async check() {
      await producer.ping();
    },
    close: () => producer.disconnect(),
  };
}
