import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { StartupError } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import { postgresAccount } from "./postgres-account.ts";
import { findPostgresBinaries } from "./postgres-binaries.ts";
import { ensureCluster } from "./postgres-cluster.ts";
import { knock } from "./postgres-owner.ts";
import {
  hasEnded,
  isAlive,
  isServerOn,
  recordedServerPid,
  removeMistakenLocks,
  spawnPostgres,
} from "./postgres-process.ts";
import { socketDirectory } from "./postgres-socket.ts";

const POLL_MS = 20;
/** How long a server that is in our way (stopping, or of a process that died) may take to go. */
const PREDECESSOR_MS = 60_000;
const STOP_MS = 30_000;
const START_ATTEMPTS = 5;
const DATABASE = "causeway";

/** A Postgres server of our own. */
export interface EmbeddedPostgres {
  /** `postgres://` URL of the database, by a Unix socket that only this account may open. */
  url: string;
  /** Fast shutdown: open transactions are rolled back, everything committed is on disk. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Starts Postgres 18 on `<dataDir>/postgres`, making the database files at the first start. It listens on no port.
 * A server that dies is started again; one whose owner was killed is taken down and replaced.
 * Throws a StartupError when another process uses the directory.
 * @param options.durable false only in tests: a commit survives the server but not the machine.
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
  const account = await postgresAccount(dataDir, [cluster, binaries.postgres, binaries.initdb]);
  const { password } = await ensureCluster({ dataDir, initdb: binaries.initdb, account, durable, log });
  const socketDir = await socketDirectory(cluster, account);
  const logPath = join(dataDir, "postgres.log");
  const settings = serverSettings(socketDir === cluster ? "." : socketDir, durable);

  let server: ChildProcess | null = null;
  let owner: pg.Client | null = null;
  let stopping: Promise<void> | null = null;

  async function run(): Promise<void> {
    for (let starts = 0; ; ) {
      if (stopping) return;
      if (server === null || hasEnded(server)) {
        await clearTheWay({ dataDir, cluster, socketDir, password, log });
        if (starts++ === START_ATTEMPTS) throw await startFailed(logPath);
        if (starts > 1) await delay(100 * starts);
        server = await spawnPostgres({ postgres: binaries.postgres, cluster, logPath, settings, account });
      }
      const answer = await knock(socketDir, password);
      if (answer.kind === "held") throw inUse(dataDir, answer.ownerPid);
      if (answer.kind === "owned") return own(answer.client);
      await delay(POLL_MS);
    }
  }

  function own(client: pg.Client): void {
    owner = client;
    client.once("end", () => {
      if (!stopping && owner === client) void revive();
    });
  }

  async function revive(): Promise<void> {
    log.error({ data_dir: dataDir }, "the embedded Postgres went away; starting it again");
    for (;;) {
      try {
        await run();
        if (!stopping) log.info({ data_dir: dataDir }, "the embedded Postgres runs again");
        return;
      } catch (error) {
        log.error(
          { err: error, data_dir: dataDir },
          "the embedded Postgres could not be started; trying again",
        );
        await delay(1_000);
      }
    }
  }

  async function shutDown(): Promise<void> {
    await owner?.end().catch(() => undefined);
    if (server === null || hasEnded(server)) return;
    server.ref();
    const ended = once(server, "exit");
    server.stdin?.end();
    const pid = await recordedServerPid(cluster);
    // SIGQUIT gives up waiting for its own checkpoint; the next start replays the log, so nothing is lost.
    const impatient = setTimeout(() => pid !== null && process.kill(pid, "SIGQUIT"), STOP_MS);
    await ended.finally(() => clearTimeout(impatient));
    if (socketDir !== cluster) await rm(socketDir, { recursive: true, force: true });
  }

  function stop(): Promise<void> {
    stopping ??= shutDown();
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

/** Waits out or takes down a server whose owner is gone; refuses where the owner lives. */
async function clearTheWay(options: {
  dataDir: string;
  cluster: string;
  socketDir: string;
  password: string;
  log: Logger;
}): Promise<void> {
  const { dataDir, cluster, socketDir, password, log } = options;
  const deadline = Date.now() + PREDECESSOR_MS;
  while (Date.now() < deadline) {
    await removeMistakenLocks(cluster, socketDir);
    const answer = await knock(socketDir, password);
    if (answer.kind === "held" && (answer.ownerPid === null || isAlive(answer.ownerPid))) {
      throw inUse(dataDir, answer.ownerPid);
    }
    if (answer.kind === "owned") {
      log.warn({ data_dir: dataDir, pid: answer.serverPid }, "stopping a Postgres whose owner was killed");
      process.kill(answer.serverPid, "SIGINT");
      await answer.client.end().catch(() => undefined);
    }
    const pid = await recordedServerPid(cluster);
    if (answer.kind === "absent" && (pid === null || !(await isServerOn(pid, cluster)))) return;
    await delay(POLL_MS);
  }
  throw inUse(dataDir, await recordedServerPid(cluster));
}

function inUse(dataDir: string, pid: number | null): StartupError {
  return new StartupError(
    `The data directory ${dataDir} is in use by process ${pid ?? "(unknown)"}. Stop that process first, or set ` +
      "CAUSEWAY_DATA_DIR to another directory; several processes on one database need DATABASE_URL.",
  );
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

/** Durability is a promise, so fsync and synchronous_commit stay on; the rest suits one small machine. */
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
