import { setTimeout as delay } from "node:timers/promises";
import type { Redis } from "ioredis";
import { StartupError } from "../core/errors.ts";
import type { OutageLog } from "./outage-log.ts";
import type { RedisClient } from "./redis-clients.ts";
import { askRedis, type RedisNode, readInfo } from "./redis-question.ts";

/** What stands behind `REDIS_URL`. */
export type RedisPlace = { kind: "server"; url: string } | { kind: "cluster"; nodes: readonly RedisNode[] };

const RETRY_MS = 250;

/**
 * Finds out whether a server stands alone or is part of a cluster, by asking it; waits out servers that are not up yet,
 * and a cluster that is not whole.
 * @throws StartupError where what is named cannot be used together.
 */
export async function findRedis(urls: readonly string[], outage: OutageLog): Promise<RedisPlace> {
  for (;;) {
    for (const url of urls) {
      try {
        return await askRedis(url, (redis) => placeOf(redis, url, urls));
      } catch (error) {
        if (error instanceof StartupError) throw error;
        outage.lost(error);
      }
    }
    await delay(RETRY_MS);
  }
}

async function placeOf(redis: Redis, url: string, urls: readonly string[]): Promise<RedisPlace> {
  const { host } = new URL(url);
  if (!(await isInCluster(redis))) {
    if (urls.length === 1) return { kind: "server", url };
    throw new StartupError(
      `REDIS_URL names several servers, and ${host} is in no cluster: name one server, or nodes of one cluster.`,
    );
  }
  if (!/^\/?0?$/.test(new URL(url).pathname))
    throw new StartupError(
      `REDIS_URL names a database of ${host}, which is in a cluster: leave out the number, there is only 0.`,
    );
  await requireWhole(redis);
  // The others too: the one that was named may be gone when the connection to all is lost.
  return { kind: "cluster", nodes: [...urls.map(namedNode), ...(await nodesOf(redis, url))] };
}

export async function isInCluster(redis: Redis): Promise<boolean> {
  return readInfo(await redis.info("cluster")).get("cluster_enabled") === "1";
}

/** Rejects where commands of some queues would not be carried out. */
export async function requireWhole(redis: RedisClient): Promise<void> {
  const state = readInfo(await redis.cluster("INFO")).get("cluster_state");
  if (state !== "ok") throw new Error("the Redis Cluster does not serve every slot");
}

/** Every node that has slots, masters first, as the cluster says that it is reached. */
export async function nodesOf(redis: Redis, url: string): Promise<RedisNode[]> {
  const { host: _, port: __, ...access } = namedNode(url);
  const ranges = await redis.cluster("SLOTS");
  const masters = ranges.flatMap(([, , master]) => (master ? [master] : []));
  const replicas = ranges.flatMap(([, , , ...rest]) => rest);
  const found = new Map(
    [...masters, ...replicas]
      // A node that does not know its own address says nothing, or null.
      .filter(([host]) => Boolean(host))
      .map(([host, port]) => [`${host}:${port}`, { host, port, ...access }]),
  );
  return [...found.values()];
}

function namedNode(text: string): RedisNode {
  const url = new URL(text);
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1") || "localhost",
    port: Number(url.port || "6379"),
    ...(url.username === "" ? {} : { username: decodeURIComponent(url.username) }),
    ...(url.password === "" ? {} : { password: decodeURIComponent(url.password) }),
    ...(url.protocol === "rediss:" ? { tls: {} } : {}),
  };
}
