import type { Cluster, Redis } from "ioredis";

/** A client of a single server, or of a whole cluster. */
export type RedisClient = Redis | Cluster;

/** The Redis clients of the queue and the notices, for a single server or a cluster. */
export interface RedisClients {
  /** Client that adds jobs. It gives up soon, because the rows are committed and the reconciler enqueues them later. */
  producer: RedisClient;
  /** Opens a separate client for workers. It waits during an outage. */
  openWorkerClient(): RedisClient;
  /** Client that publishes notices. It is one connection, which keeps them in order. It also gives up soon. */
  publisher: Redis;
  /** Opens a connection that only subscribes. It subscribes again after a loss. */
  openSubscriber(): Redis;
  /** The queue name that BullMQ uses in its keys. */
  keyName(queue: string): string;
  /** Resolves if Redis executes commands. Rejects with the reason if not. */
  check(): Promise<void>;
  /** Closes `producer` and `publisher`. The opener of any other client closes it. */
  close(): void;
}

/** Redis answers BullMQ within 10 s at most. So a connection that is silent for longer than this is lost. */
export const SOCKET_TIMEOUT_MS = 15_000;

/** Options of every connection, to a server or a cluster. */
export const socketOptions = { connectTimeout: 5_000, socketTimeout: SOCKET_TIMEOUT_MS };

/** Delay before a retry: 50 ms, doubled each time up to 2 s. Retries never stop. */
export function retryDelay(attempt: number): number {
  return Math.min(50 * 2 ** Math.min(attempt - 1, 10), 2_000);
}
