import { Redis } from "ioredis";
import type { OutageLog } from "./outage-log.ts";
import { type RedisClients, retryDelay, socketOptions } from "./redis-clients.ts";

/** One Redis or Valkey that stands alone. */
export function redisServer(url: string, outage: OutageLog): RedisClients {
  function open(maxRetriesPerRequest: number | null): Redis {
    const redis = new Redis(url, { ...socketOptions, maxRetriesPerRequest, retryStrategy: retryDelay });
    redis.on("error", (error) => outage.lost(error));
    redis.on("ready", () => outage.restored());
    return redis;
  }

  const adding = open(3);
  return {
    adding,
    speaking: adding,
    openWorking: () => open(null),
    openListener: () => open(null),
    keyName: (queue) => queue,
    async check() {
      await adding.ping();
    },
    close: () => adding.disconnect(),
  };
}
