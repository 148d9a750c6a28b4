import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { StartupError } from "../../core/faults/errors.ts";
import type { Logger } from "../../core/process/logger.ts";
import { postgresAccount } from "./postgres-account.ts";
import { findPostgresBinaries } from "./postgres-binaries.ts";
import { ensureCluster } from "./postgres-cluster.ts";
import { foreignFiles } from "./postgres-files.ts";
import { tryToOwn } from "./postgres-owner.ts";
import { hasEnded, recordedServerPid, spawnPostgres } from "./postgres-process.ts";
import { socketDirectory } from "./postgres-socket.ts";
import { inUse, removePreviousServer, signalServer } from "./previous-server.ts";

const POLL_MS = 20;

const STOP_MS = 30_000;

const START_ATTEMPTS = 5;

const DATABASE = "causeway";

/** A Postgres server that this service starts and owns. */
export interface EmbeddedPostgres {
  /** `postgres://` URL of the database, over a Unix socket that only this account may open. */
  url: string;
  /**
   * Fast shutdown: rolls back open transactions; everything committed is on disk. Safe to call twice.
   * @param withinMs time limit for the last checkpoint. After it, the server stops, and the next start replays the log.
   */
  stop(withinMs?: number): Promise<void>;
}

/**
 * Starts Postgres 18 on `<dataDir>/postgres`, and creates the database files at the first start. It listens on no port.
 * Restarts a server that dies. Stops and replaces a server whose owner was killed.
 * Throws a StartupError when another process uses the directory.
 * @param options.durable false only in tests. Then a commit survives a crash of the server, but not of the machine.
 */
export async function startEmbeddedPostgres(options: {
  dataDir: string;
  log: Logger;
  durable?: boolean;
}): Promise<EmbeddedPostgres> {
  const { log, durable = true } = options;
  if (process.platform === "win32") {
    throw new StartupError("The embedded Postgres does not run on Windows: use WSL, or set DATABASE_URL.");
  }
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
  const dataDir = await realpath(options.dataDir);
  const cluster = join(dataDir, "postgres");
  const binaries = await findPostgresBinaries();
  const account = await postgresAccount(dataDir, [cluster, binaries.postgres, binaries.initdb], log);
  const { password } = await ensureCluster({ dataDir, initdb: binaries.initdb, account, durable, log });
  const uid = account.owner?.uid ?? process.getuid?.();
  const socketDir = await socketDirectory(cluster, account);
  const logPath = join(dataDir, "postgres.log");
  const settings = serverSettings(socketDir === cluster ? "." : socketDir, durable);

  let server: ChildProcess | null = null;
  let owner: pg.Client | null = null;
  let stopping: Promise<void> | null = null;

  async function run(): Promise<void> {
    // A server of ours that is stopped from outside holds on to our name until it has ended.
    const ownPid = owner === null ? null : process.pid;
    for (let starts = 0; ; ) {
      if (stopping) return;
      if (server === null || hasEnded(server)) {
        const isOver = () => stopping !== null;
        await removePreviousServer({ dataDir, cluster, socketDir, password, ownPid, isOver, log });
        if (isOver()) return;
        const foreign = starts === 0 ? null : await foreignFiles(cluster, uid);
        if (foreign !== null) throw foreign;
        if (starts++ === START_ATTEMPTS) throw await startFailed(logPath);
        if (starts > 1) await delay(100 * starts);
        server = await spawnPostgres({ postgres: binaries.postgres, cluster, logPath, settings, account });
      }
      const answer = await tryToOwn(socketDir, password);
      if (answer.kind === "held" && answer.ownerPid !== ownPid) throw inUse(dataDir, answer.ownerPid);
      if (answer.kind === "owned") return watchOwner(answer.client);
      await delay(POLL_MS);
    }
  }

  function watchOwner(client: pg.Client): void {
    owner = client;
    client.once("end", () => {
      if (!stopping && owner === client) void restart();
    });
  }

  async function restart(): Promise<void> {
    log.error({ data_dir: dataDir }, "the embedded Postgres stopped unexpectedly; starting it again");
    for (;;) {
      try {
        await run();
        if (!stopping) log.info({ data_dir: dataDir }, "the embedded Postgres runs again");
        return;
      } catch (error) {
        log.error({ err: error, data_dir: dataDir }, "the embedded Postgres did not start; trying again");
        await delay(1_000);
      }
    }
  }

  async function shutDown(withinMs: number): Promise<void> {
    await owner?.end().catch(() => undefined);
    if (server === null || hasEnded(server)) return;
    server.ref();
    const ended = once(server, "exit");
    server.stdin?.end();
    const pid = await recordedServerPid(cluster);
    // SIGQUIT stops the server without its checkpoint. The next start replays the log, so nothing is lost.
    const killTimer = setTimeout(() => pid !== null && signalServer(pid, "SIGQUIT"), withinMs);
    await ended.finally(() => clearTimeout(killTimer));
    if (socketDir !== cluster) await rm(socketDir, { recursive: true, force: true });
  }

  function stop(withinMs = STOP_MS): Promise<void> {
    stopping ??= shutDown(withinMs);
    return stopping;
  }

  try {
    await run();
    await createDatabase(owner);
  } catch (error) {
    await stop();
    throw error;
  }
  log.info({ data_dir: dataDir }, "embedded Postgres runs");
  return {
    url: `postgres://postgres:${password}@localhost/${DATABASE}?host=${encodeURIComponent(socketDir)}`,
    stop,
  };
}

async function startFailed(logPath: string): Promise<StartupError> {
  const text = await readFile(logPath, "utf8").catch(() => "");
  const tail = text.trim().split("\n").slice(-5).join("\n");
  return new StartupError(`The embedded Postgres does not start. The end of its log (${logPath}):\n${tail}`);
}

async function createDatabase(owner: pg.Client | null): Promise<void> {
  if (!owner) return;
  const { rowCount } = await owner.query("SELECT 1 FROM pg_database WHERE datname = $1", [DATABASE]);
  if (rowCount === 0) await owner.query(`CREATE DATABASE ${DATABASE}`);
}

/**
 * Server settings. fsync and synchronous_commit stay on, because durability is a promise. The rest suits one small
 * machine.
 */
function serverSettings(socketDirectories: string, durable: boolean): Record<string, string> {
  return {
    listen_addresses: "",
    unix_socket_directories: socketDirectories,
    unix_socket_permissions: "0700",
    max_connections: durable ? "100" : "300",
    shared_buffers: "128MB",
    max_wal_size: "1GB",
    checkpoint_timeout: "10min",
    autovacuum_naptime: "15s",
    jit: "off",
    max_parallel_workers_per_gather: "0",
    io_method: "sync",
    timezone: "UTC",
    log_timezone: "UTC",
    log_min_messages: "warning",
    log_checkpoints: "off",
    fsync: durable ? "on" : "off",
    synchronous_commit: "on",
    full_page_writes: durable ? "on" : "off",
  };
}
