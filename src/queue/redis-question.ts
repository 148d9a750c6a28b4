import { Redis, type RedisOptions } from "ioredis";

/** How a server is reached: where it listens, and what it wants to know of who comes. */
export type RedisNode = Pick<RedisOptions, "username" | "password" | "tls"> & { host: string; port: number };

const ONCE = {
  lazyConnect: true,
  connectTimeout: 5_000,
  commandTimeout: 5_000,
  maxRetriesPerRequest: 0,
  retryStrategy: () => null,
} satisfies RedisOptions;

/** Asks one server on a connection of its own, once. Rejects with what kept it from answering. */
export async function askRedis<T>(
  server: string | RedisNode,
  question: (redis: Redis) => Promise<T>,
): Promise<T> {
  const redis = typeof server === "string" ? new Redis(server, ONCE) : new Redis({ ...server, ...ONCE });
  let reason: Error | null = null;
  redis.on("error", (error: Error) => {
    reason = error;
  });
  try {
    await redis.connect();
    return await question(redis);
  } catch (error) {
    // Of a connection that was refused, the call itself says only that it is closed.
    throw error instanceof Error && /closed/i.test(error.message) ? (reason ?? error) : error;
  } finally {
    redis.disconnect();
  }
}

/** What `INFO` and `CLUSTER INFO` answer, as names and values. */
export function readInfo(text: string): ReadonlyMap<string, string> {
  const pairs = text.split("\r\n").flatMap((line) => {
    const [, name, value] = /^([a-z_0-9]+):(.*)$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value] as const];
  });
  return new Map(pairs);
}
