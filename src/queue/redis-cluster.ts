import { randomInt } from "node:crypto";
import { Redis } from "ioredis";
import { requireWhole } from "./find-redis.ts";
import { clusterOpener } from "./open-cluster.ts";
import type { OutageLog } from "./outage-log.ts";
import { type RedisClients, retryDelay, socketOptions } from "./redis-clients.ts";
import type { RedisNode } from "./redis-question.ts";

/**
 * A Redis Cluster. The keys of one queue share a slot, as BullMQ's scripts want it, and each queue has another. A
 * client learns from the nodes which of them has which slots, and that a replica took over.
 * @param nodes from which the others are learned.
 */
export function redisCluster(nodes: readonly RedisNode[], outage: OutageLog): RedisClients {
  const open = clusterOpener(nodes, outage);
  // What is not taken now is found in Postgres later; kept here it would be kept twice, and without bounds.
  const givesUp = { enableOfflineQueue: false, maxRedirections: 8 };
  const adding = open({ ...givesUp, slotsRefreshInterval: 30_000 }, { commandTimeout: 5_000 });
  // Not every process at the same node.
  let turn = randomInt(2 ** 16);

  function nextNode(): RedisNode {
    const [named] = nodes;
    if (!named) throw new Error("no node of the cluster is named");
    const known = adding.nodes().map(({ options: { host = named.host, port = named.port } }) => {
      return { ...named, host, port };
    });
    const all = known.length > 0 ? known : nodes;
    return all[turn++ % all.length] ?? named;
  }

  /** A connection to one node, to whichever is up: what is published on any of them is heard on all. */
  function openOne(maxRetriesPerRequest: number | null): Redis {
    const one: Redis = new Redis({
      ...nextNode(),
      ...socketOptions,
      maxRetriesPerRequest,
      retryStrategy(attempt) {
        // The next attempt reads these: another node may be up where this one is not.
        Object.assign(one.options, nextNode());
        return retryDelay(attempt);
      },
    });
    // Whatever is wrong with that node, the clients of the whole cluster notice and say.
    one.on("error", () => undefined);
    return one;
  }

  const speaking = openOne(3);
  return {
    adding,
    // Tries almost as long as BullMQ waits for a job, before it gives up and asks anew.
    openWorking: () =>
      open({ retryDelayOnFailover: 300, retryDelayOnClusterDown: 300, enableReadyCheck: false }),
    speaking,
    openListener: () => openOne(null),
    keyName: (queue) => `{${queue}}`,
    async check() {
      if (adding.status !== "ready") throw new Error("no node of the Redis Cluster can be reached");
      await requireWhole(adding);
    },
    close() {
      adding.disconnect();
      speaking.disconnect();
    },
  };
}
