import type { Cluster, Redis } from "ioredis";

/** A client of one server, or of a cluster as a whole. */
export type RedisClient = Redis | Cluster;

/** How the queue and the notices reach Redis, be it one server or a cluster. */
export interface RedisClients {
  /** For those who add: gives up soon, since the rows are committed and the reconciler enqueues them later. */
  adding: RedisClient;
  /** Another one, for those who work: waits out an outage. */
  openWorking(): RedisClient;
  /** Notices are published on it: one connection, which keeps them in order. Gives up soon, too. */
  speaking: Redis;
  /** A connection to subscribe on: it can do nothing else. Subscribes again after it was lost. */
  openListener(): Redis;
  /** The name of a queue from which BullMQ makes the names of its keys. */
  keyName(queue: string): string;
  /** Resolves if commands are carried out; rejects with the reason why not. */
  check(): Promise<void>;
  /** Closes `adding` and `speaking`; who opened another closes it. */
  close(): void;
}

/** Longer than BullMQ ever lets Redis wait before it answers (10 s): silence beyond it is a connection that is gone. */
export const SILENCE_MS = 15_000;

/** Of every connection, to whatever it leads. */
export const socketOptions = { connectTimeout: 5_000, socketTimeout: SILENCE_MS };

/** 50 ms, doubled up to 2 s, for ever. */
export function retryDelay(attempt: number): number {
  return Math.min(50 * 2 ** Math.min(attempt - 1, 10), 2_000);
}
