import { randomInt } from "node:crypto";
import { Redis } from "ioredis";
import { requireAllSlots } from "./find-redis.ts";
import { clusterOpener } from "./open-cluster.ts";
import type { OutageLog } from "./outage-log.ts";
import { type RedisClients, retryDelay, socketOptions } from "./redis-clients.ts";
import type { RedisNode } from "./with-redis.ts";

/**
 * Clients of a Redis Cluster. The keys of one queue share a slot, because BullMQ's scripts need that. Each queue has a
 * different slot. The nodes tell a client the slots of each node, and each failover to a replica. @param nodes first
 * nodes; the client learns the others from them.
 */
export function redisCluster(nodes: readonly RedisNode[], outage: OutageLog): RedisClients {
  const open = clusterOpener(nodes, outage);
  // Do not queue commands offline. The rows are found in Postgres later, so the jobs would exist twice, and without a
  // limit.
  const givesUp = { enableOfflineQueue: false, maxRedirections: 8 };
  const producer = open({ ...givesUp, slotsRefreshInterval: 30_000 }, { commandTimeout: 5_000 });
  // Start at a random node, so that not every process uses the same one.
  let turn = randomInt(2 ** 16);

  function nextNode(): RedisNode {
    const [named] = nodes;
    if (!named) throw new Error("no node of the cluster is named");
    const known = producer.nodes().map(({ options: { host = named.host, port = named.port } }) => {
      return { ...named, host, port };
    });
    const all = known.length > 0 ? known : nodes;
    return all[turn++ % all.length] ?? named;
  }

  /** Connects to any one node that is up. A message published on one node reaches all nodes. */
  function openOne(maxRetriesPerRequest: number | null): Redis {
    const one: Redis = new Redis({
      ...nextNode(),
      ...socketOptions,
      maxRetriesPerRequest,
      retryStrategy(attempt) {
        // ioredis reads these options at the next attempt. Another node may be up while this one is down.
        Object.assign(one.options, nextNode());
        return retryDelay(attempt);
      },
    });
    // The clients of the whole cluster notice and report any problem of that node.
    one.on("error", () => undefined);
    return one;
  }

  const publisher = openOne(3);
  return {
    producer,
    // It retries for almost as long as BullMQ waits for a job. After that BullMQ asks again.
    openWorkerClient: () =>
      open({ retryDelayOnFailover: 300, retryDelayOnClusterDown: 300, enableReadyCheck: false }),
    publisher,
    openSubscriber: () => openOne(null),
    keyName: (queue) => `{${queue}}`,
    async check() {
      if (producer.status !== "ready") throw new Error("no node of the Redis Cluster can be reached");
      await requireAllSlots(producer);
    },
    close() {
      producer.disconnect();
      publisher.disconnect();
    },
  };
}
