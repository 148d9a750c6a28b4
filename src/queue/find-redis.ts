import type { Redis } from "ioredis";
import { StartupError } from "../core/faults/errors.ts";
import { wait } from "../core/time/wait.ts";
import type { OutageLog } from "./outage-log.ts";
import type { RedisClient } from "./redis-clients.ts";
import { type RedisNode, readInfo, withRedis } from "./with-redis.ts";

/** The kind of installation behind `REDIS_URL`. */
export type RedisTarget = { kind: "server"; url: string } | { kind: "cluster"; nodes: readonly RedisNode[] };

const RETRY_MS = 250;

/**
 * Asks a server if it is a single server or part of a cluster. Waits for servers that are not up yet, and for a cluster
 * that does not serve all slots yet.
 * @param signal stops the waiting.
 * @throws StartupError if the configured servers do not belong together.
 */
export async function findRedis(
  urls: readonly string[],
  outage: OutageLog,
  signal?: AbortSignal,
): Promise<RedisTarget> {
  for (;;) {
    for (const url of urls) {
      try {
        return await withRedis(url, (redis) => targetOf(redis, url, urls));
      } catch (error) {
        if (error instanceof StartupError) throw error;
        outage.lost(error);
      }
    }
    await wait(RETRY_MS, signal);
    signal?.throwIfAborted();
  }
}

async function targetOf(redis: Redis, url: string, urls: readonly string[]): Promise<RedisTarget> {
  const { host } = new URL(url);
  if (!(await isInCluster(redis))) {
    if (urls.length === 1) return { kind: "server", url };
    throw new StartupError(
      `REDIS_URL names several servers, and ${host} is not part of a cluster: name one server, or nodes of one cluster.`,
    );
  }
  if (!/^\/?0?$/.test(new URL(url).pathname))
    throw new StartupError(
      `REDIS_URL names a database of ${host}, which is in a cluster: leave out the number, since a cluster has only 0.`,
    );
  await requireAllSlots(redis);
  // Add the other nodes too. The configured node may be gone when the connections to all nodes are lost.
  return { kind: "cluster", nodes: [...urls.map(namedNode), ...(await nodesOf(redis, url))] };
}

export async function isInCluster(redis: Redis): Promise<boolean> {
  return readInfo(await redis.info("cluster")).get("cluster_enabled") === "1";
}

/** Throws if the cluster does not serve every slot, since commands of some queues would then fail. */
export async function requireAllSlots(redis: RedisClient): Promise<void> {
  const state = readInfo(await redis.cluster("INFO")).get("cluster_state");
  if (state !== "ok") throw new Error("the Redis Cluster does not serve every slot");
}

/** Every node that has slots, masters first, at the addresses that the cluster announces. */
export async function nodesOf(redis: Redis, url: string): Promise<RedisNode[]> {
  const { host: _, port: __, ...access } = namedNode(url);
  const ranges = await redis.cluster("SLOTS");
  const masters = ranges.flatMap(([, , master]) => (master ? [master] : []));
  const replicas = ranges.flatMap(([, , , ...rest]) => rest);
  const found = new Map(
    [...masters, ...replicas]
      // A node that does not know its own address announces an empty host or null.
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
