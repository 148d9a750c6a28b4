import { execFileSync } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from "../../src/storage/embedded/embedded-postgres.ts";
import { query } from "../stories/conversations.ts";
import type { FakeTelegram } from "../support/fake-telegram.ts";
import { givePreparedCluster } from "../support/prepared-cluster.ts";
import { type ServiceProcess, serviceDirectory, startProcess } from "../support/process.ts";
import { quietLog } from "../support/quiet-log.ts";
import { startRedis } from "../support/redis.ts";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";

export type Role = "web" | "worker";
export type Queue = "postgres" | "redis";

/** Several processes of the service and the servers they use, all of which can be harmed. */
export interface World extends AsyncDisposable {
  queue: Queue;
  fake: FakeTelegram;
  processes(role?: Role): readonly ServiceProcess[];
  /** URLs that accept webhooks now. */
  urls(): string[];
  start(role: Role): Promise<ServiceProcess>;
  /** Removes a process from the list; the caller ends it. */
  drop(process: ServiceProcess): void;
  database: { proxy: TcpProxy; kill(): Promise<void>; cutSessions(): Promise<void>; disk: Disk | null };
  redis: { proxy: TcpProxy; kill(): Promise<void>; wipe(): Promise<void> } | null;
  platform: TcpProxy;
  /** Texts of the deliveries that are marked as possible duplicates. */
  markedDouble(): Promise<Set<string>>;
}

/** The disk that Postgres writes to. */
interface Disk {
  fill(): Promise<void>;
  free(): Promise<void>;
}

/** A worker that freezes for longer loses its sends. */
export const SEND_LEASE_MS = 12_000;
/** A call to the platform has this long. */
export const SEND_TIMEOUT_MS = 10_000;
/**
 * Short leases, so that they expire within a test, and statements with a time limit. A send and a statement have more
 * time than a busy machine needs for a normal one: a send that takes longer may happen twice.
 */
const TIMES = {
  leaseMs: 2_000,
  heartbeatMs: 500,
  sendLeaseMs: SEND_LEASE_MS,
  sendTimeoutMs: SEND_TIMEOUT_MS,
  reconcileMs: 500,
  strandedMs: 1_000,
};
const STATEMENT_MS = 6_000;
/** The API key of every process. */
export const OPERATOR_KEY = "cw_operator_key_of_the_torture";
const DISK_MB = 400;

export async function buildWorld(options: {
  queue: Queue;
  fake: FakeTelegram;
  config(apiRoot: string): unknown;
}): Promise<World> {
  const { queue, fake } = options;
  const disk = await ownDisk();
  await givePreparedCluster(disk.path);
  const postgres = await startEmbeddedPostgres({ dataDir: disk.path, log: quietLog() });
  const database = await startTcpProxy({ path: socketOf(postgres) });
  const platform = await startTcpProxy({ port: Number(new URL(fake.url).port), host: "127.0.0.1" });
  const redis = queue === "redis" ? await ownRedis() : null;
  const directory = await serviceDirectory(options.config(`http://127.0.0.1:${platform.port}`));

  const running = new Map<ServiceProcess, Role>();
  const env = {
    DATABASE_URL: throughProxy(postgres.url, database.port),
    ...(redis ? { REDIS_URL: `redis://127.0.0.1:${redis.proxy.port}` } : {}),
    CAUSEWAY_API_KEY: OPERATOR_KEY,
    NODE_OPTIONS: `--import ${new URL("clock-jump.mjs", import.meta.url)}`,
    LOG_LEVEL: "info",
  };
  return {
    queue,
    fake,
    processes: (role) =>
      [...running].flatMap(([each, its]) => (role === undefined || role === its ? [each] : [])),
    urls: () => [...running].flatMap(([each, role]) => (role === "web" ? [each.url] : [])),
    async start(role) {
      const started = await startProcess({
        directory,
        times: TIMES,
        env: { ...env, CAUSEWAY_ROLE: role },
      });
      running.set(started, role);
      return started;
    },
    drop: (process) => void running.delete(process),
    database: {
      proxy: database,
      disk: disk.mounted ? disk : null,
      async kill() {
        const pid = await readFile(join(disk.path, "postgres", "postmaster.pid"), "utf8");
        process.kill(Number.parseInt(pid, 10), "SIGKILL");
      },
      async cutSessions() {
        await query(
          postgres.url,
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE 'causeway%'`,
        );
      },
    },
    redis,
    platform,
    async markedDouble() {
      const rows = await query(postgres.url, "SELECT content FROM deliveries WHERE possible_duplicate");
      return new Set(rows.map(({ content }) => String(content)));
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...running.keys()].map((each) => each.kill()));
      for (const part of [directory, redis, platform, database]) await part?.[Symbol.asyncDispose]();
      await postgres.stop();
      await disk.remove();
    },
  };
}

/** The socket of an embedded server; it has no port. */
function socketOf(postgres: EmbeddedPostgres): string {
  return join(new URL(postgres.url).searchParams.get("host") ?? "", ".s.PGSQL.5432");
}

/** The same database behind a port. Its statements fail when the network swallows them. */
function throughProxy(url: string, port: number): string {
  const through = new URL(url);
  through.port = String(port);
  through.hostname = "127.0.0.1";
  through.searchParams.delete("host");
  through.searchParams.set("query_timeout", String(STATEMENT_MS));
  return through.href;
}

/** A separate disk for Postgres, if we may mount one, so that it can be full. Otherwise a directory. */
async function ownDisk() {
  const path = await mkdtemp(join(tmpdir(), "causeway-torture-"));
  let mounted = false;
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_MB}m`, "tmpfs", path], { stdio: "ignore" });
    mounted = true;
  } catch {
    process.stdout.write("No disk of its own could be mounted (not root): the full disk is left out.\n");
  }
  // As root, the server runs under another account.
  await chmod(path, 0o711);
  const filler = join(path, "filler");
  return {
    path,
    mounted,
    async fill() {
      // Writes until the disk is full.
      await writeFile(filler, Buffer.alloc(DISK_MB * 1_048_576)).catch(() => undefined);
    },
    free: () => unlink(filler),
    async remove() {
      if (mounted) execFileSync("umount", ["--lazy", path]);
      await rm(path, { recursive: true, force: true });
    },
  };
}

/** A Redis without persistence: after a kill it is empty. */
async function ownRedis() {
  let server = await startServer();
  const proxy = await startTcpProxy({ port: server.port, host: "127.0.0.1" });
  return {
    proxy,
    async kill() {
      const { port } = server;
      await server.stop();
      server = await startServer(port);
    },
    async wipe() {
      const client = new Redis(server.url);
      await client.flushall();
      client.disconnect();
    },
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await server.stop();
    },
  };
}

async function startServer(port?: number) {
  const server = await startRedis(port === undefined ? {} : { port });
  if (server === null) throw new Error("the torture of the Redis queue needs redis-server on PATH");
  return server;
}
