import { Cluster, type ClusterOptions } from "ioredis";
import type { OutageLog } from "./outage-log.ts";
import { retryDelay, socketOptions } from "./redis-clients.ts";
import type { RedisNode } from "./redis-question.ts";
import { watchNodes } from "./watch-nodes.ts";

/**
 * Makes clients of one cluster.
 * @param nodes from which the others are learned; all are reached with the same password.
 */
export function clusterOpener(nodes: readonly RedisNode[], outage: OutageLog) {
  const { host: _, port: __, ...access } = nodes[0] ?? {};
  const watch = watchNodes(outage);

  /** For this client, and for those that BullMQ makes of it, one per worker. */
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
        // A name stays a name: certificates are for names.
        dnsLookup: (name, found) => found(null, name),
      }),
    );
}

/**
 * A client that has ended says "close" again for each connection that ends later. BullMQ would take that for an outage,
 * and connect once more before it closes a worker.
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
