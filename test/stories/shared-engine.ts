import { Redis } from "ioredis";
import type { WorkTimes } from "../../src/core/process/working-process.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { type ServiceProcess, serviceDirectory, startProcess } from "../support/process.ts";
import { startRedis } from "../support/redis.ts";

/** Leases short enough to expire within a test. */
const HURRIED: Partial<WorkTimes> = {
  leaseMs: 2_000,
  heartbeatMs: 500,
  sendLeaseMs: 3_000,
  sendTimeoutMs: 2_500,
  reconcileMs: 200,
  strandedMs: 1_000,
};

/** For tests in which no sender dies. Even on a slow machine, no process is presumed dead while it sends. */
export const PATIENT_SENDS: Partial<WorkTimes> = { sendLeaseMs: 60_000, sendTimeoutMs: 30_000 };

export const API_KEY = "cw_operator_key_of_these_tests";

/** One Postgres for several processes, and one Redis if this run tests Redis. */
export interface SharedEngine extends AsyncDisposable {
  databaseUrl: string;
  /** Starts a process. Disposing the engine kills the processes that still run. */
  start(role: "all" | "web" | "worker"): Promise<ServiceProcess>;
  /** The output of all processes. */
  output(): string;
  wipeRedis(): Promise<void>;
  /** Kills Redis, and starts an empty one in its place. */
  replaceRedis(): Promise<void>;
}

export const onRedis = process.env.CAUSEWAY_TEST_QUEUE === "redis";

export async function sharedEngine(options: {
  config: unknown;
  /** Replaces the engine's own database on the run's server. */
  databaseUrl?: string;
  times?: Partial<WorkTimes>;
}): Promise<SharedEngine> {
  const database = options.databaseUrl === undefined ? await createTestDatabase() : null;
  const databaseUrl = options.databaseUrl ?? database?.url ?? "";
  const directory = await serviceDirectory(options.config);
  const processes: ServiceProcess[] = [];
  let redis = onRedis ? await startRedis() : null;
  if (onRedis && !redis) throw new Error("these tests need redis-server on PATH");
  return {
    databaseUrl,
    async start(role) {
      const started = await startProcess({
        directory,
        times: { ...HURRIED, ...options.times },
        env: {
          DATABASE_URL: databaseUrl,
          ...(redis ? { REDIS_URL: redis.url } : {}),
          CAUSEWAY_ROLE: role,
          CAUSEWAY_API_KEY: API_KEY,
          LOG_LEVEL: "debug",
        },
      });
      processes.push(started);
      return started;
    },
    output: () => processes.map((started) => started.output()).join("\n"),
    async wipeRedis() {
      const client = new Redis(redis?.url ?? "");
      await client.flushall();
      client.disconnect();
    },
    async replaceRedis() {
      if (!redis) return;
      await redis.stop();
      redis = await startRedis({ port: redis.port });
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(processes.map((started) => started.kill()));
      await redis?.stop();
      await database?.drop();
      await directory[Symbol.asyncDispose]();
    },
  };
}
