import { Cluster, type ClusterOptions } from "ioredis";
import type { OutageLog } from "./outage-log.ts";
import { retryDelay, socketOptions } from "./redis-clients.ts";
import { watchNodes } from "./watch-nodes.ts";
import type { RedisNode } from "./with-redis.ts";

/**
 * Creates clients of one cluster.
 * @param nodes first nodes; the client learns the others from them. All use the same password.
 */
export function clusterOpener(nodes: readonly RedisNode[], outage: OutageLog) {
  const { host: _, port: __, ...access } = nodes[0] ?? {};
  const watch = watchNodes(outage);

  /** Prepares this client and its duplicates. BullMQ duplicates a client for each worker. */
  function prepare(cluster: Cluster): Cluster {
    const duplicate = cluster.duplicate.bind(cluster);
    cluster.duplicate = (...how) => prepare(duplicate(...how));
    stayEnded(cluster);
    watch.follow(cluster);
    return cluster;
  }

  return (options: ClusterOptions, ofNodes: { commandTimeout?: number } = {}): Cluster =>
    prepare(
      new Cluster([...nodes], {
        ...options,
        redisOptions: { ...access, ...socketOptions, maxRetriesPerRequest: null, ...ofNodes },
        clusterRetryStrategy: retryDelay,
        slotsRefreshTimeout: 2_000,
        // Do not resolve names to addresses, because certificates are issued for names.
        dnsLookup: (name, found) => found(null, name),
      }),
    );
}

/**
 * Keeps an ended client ended. It emits "close" again for each connection that ends later. BullMQ would take that for
 * an outage, and connect once more before it closes a worker.
 */
function stayEnded(cluster: Cluster): void {
  let ended = false;
  cluster.on("end", () => {
    ended = true;
  });
  cluster.on("connecting", () => {
    ended = false;
  });
  cluster.on("close", () => {
    if (ended) cluster.status = "end";
  });
}
