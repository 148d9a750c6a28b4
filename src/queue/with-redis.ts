import { Redis, type RedisOptions } from "ioredis";

/** Address and credentials of a server. */
export type RedisNode = Pick<RedisOptions, "username" | "password" | "tls"> & { host: string; port: number };

const ONCE = {
  lazyConnect: true,
  connectTimeout: 5_000,
  commandTimeout: 5_000,
  maxRetriesPerRequest: 0,
  retryStrategy: () => null,
} satisfies RedisOptions;

/** Asks one server once, on a separate connection. Rejects with the real cause of a failure. */
export async function withRedis<T>(
  server: string | RedisNode,
  task: (redis: Redis) => Promise<T>,
): Promise<T> {
  const redis = typeof server === "string" ? new Redis(server, ONCE) : new Redis({ ...server, ...ONCE });
  let reason: Error | null = null;
  redis.on("error", (error: Error) => {
    reason = error;
  });
  try {
    await redis.connect();
    return await task(redis);
  } catch (error) {
    // For a refused connection, the error of the call says only that the connection is closed.
    throw error instanceof Error && /closed/i.test(error.message) ? (reason ?? error) : error;
  } finally {
    redis.disconnect();
  }
}

/** Parses the answer of `INFO` and `CLUSTER INFO` into names and values. */
export function readInfo(text: string): ReadonlyMap<string, string> {
  const pairs = text.split("\r\n").flatMap((line) => {
    const [, name, value] = /^([a-z_0-9]+):(.*)$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value] as const];
  });
  return new Map(pairs);
}
