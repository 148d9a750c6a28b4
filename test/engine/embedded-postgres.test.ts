import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  unlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from "../../src/storage/embedded/embedded-postgres.ts";
import { eventually } from "../support/eventually.ts";
import { givePreparedCluster } from "../support/prepared-cluster.ts";
import { quietLog } from "../support/quiet-log.ts";
import { serviceProgram } from "../support/service-program.ts";

describe("the embedded Postgres", () => {
  it("keeps its data over a restart and listens on no port", async () => {
    const dataDir = await usedDirectory();
    const first = await start(dataDir);
    await query(first.url, "CREATE TABLE kept (n INT); INSERT INTO kept VALUES (7)");
    expect(await query(first.url, "SHOW listen_addresses")).toEqual([{ listen_addresses: "" }]);
    await first.stop();
    const second = await start(dataDir);
    expect(await query(second.url, "SELECT n FROM kept")).toEqual([{ n: 7 }]);
  });

  it("waits for the disk at every commit, and only briefly for a new log file", async () => {
    const server = await start(await dataDirectory(), { durable: true });
    expect(await query(server.url, "SHOW fsync")).toEqual([{ fsync: "on" }]);
    expect(await query(server.url, "SHOW synchronous_commit")).toEqual([{ synchronous_commit: "on" }]);
    expect(await query(server.url, "SHOW full_page_writes")).toEqual([{ full_page_writes: "on" }]);
    expect(await query(server.url, "SHOW wal_segment_size")).toEqual([{ wal_segment_size: "1MB" }]);
  });

  it("creates its own password, which only the owner can read, and admits nobody without it", async () => {
    const dataDir = await dataDirectory();
    const server = await start(dataDir);
    const file = join(dataDir, "postgres-password");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const password = (await readFile(file, "utf8")).trim();
    expect(password).toMatch(/^[\w-]{32}$/);
    await expect(query(server.url.replace(password, "postgres"), "SELECT 1")).rejects.toThrow("password");
  });

  it("refuses a second start on the same directory, and names it and the running process", async () => {
    const dataDir = await usedDirectory();
    const server = await start(dataDir);
    await expect(start(dataDir)).rejects.toThrow(
      `The data directory ${dataDir} is in use by process ${process.pid}.`,
    );
    expect(await query(server.url, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });

  it("lets only one of several simultaneous starts use an empty directory", async () => {
    const dataDir = await dataDirectory();
    const starts = await Promise.allSettled([start(dataDir), start(dataDir), start(dataDir)]);
    const won = starts.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    expect(won).toHaveLength(1);
    expect(await query(won[0]?.url ?? "", "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });

  it("ends when its owner is killed, and the next start at once has everything committed", async () => {
    const dataDir = await usedDirectory();
    const { child, url } = await ownerProcess(serviceProgram("embedded-postgres"), dataDir);
    await query(url, "CREATE TABLE kept (n INT); INSERT INTO kept VALUES (7)");
    const pid = await serverPid(dataDir);
    child.kill("SIGKILL");
    await once(child, "exit");
    const next = await start(dataDir);
    expect(await query(next.url, "SELECT n FROM kept")).toEqual([{ n: 7 }]);
    expect(await serverPid(dataDir)).not.toBe(pid);
    await next.stop();
    await expect(readFile(join(dataDir, "postgres", "postmaster.pid"))).rejects.toThrow("ENOENT");
  });

  it("ends by itself when its owner was killed and no other start follows", async () => {
    const dataDir = await usedDirectory();
    const { child } = await ownerProcess(serviceProgram("embedded-postgres"), dataDir);
    const pid = await serverPid(dataDir);
    child.kill("SIGKILL");
    await eventually(() => expect(() => process.kill(pid, 0)).toThrow("ESRCH"));
  });

  it("keeps running after Ctrl-C in its owner's process group", async () => {
    const dataDir = await usedDirectory();
    const server = await start(dataDir);
    const pid = await serverPid(dataDir);
    const group = (await readFile(`/proc/${pid}/stat`, "utf8")).split(") ")[1]?.split(" ")[2];
    const own = (await readFile("/proc/self/stat", "utf8")).split(") ")[1]?.split(" ")[2];
    expect(group).not.toBe(own);
    await server.stop();
  });

  it("restarts at the same address when it is killed", async () => {
    const dataDir = await usedDirectory();
    const server = await start(dataDir);
    await query(server.url, "CREATE TABLE kept (n INT); INSERT INTO kept VALUES (7)");
    process.kill(await serverPid(dataDir), "SIGKILL");
    await eventually(async () => expect(await query(server.url, "SELECT n FROM kept")).toEqual([{ n: 7 }]));
  });

  it("waits for its own server while that is being stopped from outside, and names no process", async () => {
    const dataDir = await usedDirectory();
    const log = quietLog();
    const server = await startEmbeddedPostgres({ dataDir, log, durable: false });
    onTestFinished(() => server.stop());
    // On a server that is ending, the lock is still held under our name.
    const left = new pg.Client({
      connectionString: server.url,
      application_name: `causeway-owner-${process.pid}`,
    });
    left.on("error", () => undefined);
    await left.connect();
    await left.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'causeway-owner-${process.pid}' AND pid <> pg_backend_pid();
      SELECT pg_advisory_lock(1128355155, 1)`);
    await eventually(() =>
      expect(log.lines.map(({ message }) => message)).toContain(
        "the embedded Postgres stopped unexpectedly; starting it again",
      ),
    );
    await left.end();
    await eventually(() =>
      expect(log.lines.map(({ message }) => message)).toContain("the embedded Postgres runs again"),
    );
    expect(JSON.stringify(log.lines)).not.toContain("in use by process");
  });

  it("prints the command that repairs files which were copied without their owner", async () => {
    const dataDir = await usedDirectory();
    const { uid } = await stat(join(dataDir, "postgres"));
    if (process.getuid?.() !== 0) return;
    await chown(join(dataDir, "postgres", "PG_VERSION"), uid + 1, uid + 1);
    await expect(start(dataDir)).rejects.toThrow(
      `Give them back with: chown -R ${uid} ${join(dataDir, "postgres")}`,
    );
  });

  it("waits while another start gives the files to the account of Postgres", async () => {
    const dataDir = await usedDirectory();
    const file = join(dataDir, "postgres", "PG_VERSION");
    const { uid, gid } = await stat(file);
    if (process.getuid?.() !== 0) return;
    await chown(file, uid + 1, gid + 1);
    const starting = start(dataDir);
    await eventually(async () =>
      expect(await readFile(join(dataDir, "postgres.log"), "utf8")).toContain("PG_VERSION"),
    );
    await chown(file, uid, gid);
    await (await starting).stop();
  });

  it("recovers from a lock file whose process number now belongs to another program", async () => {
    const dataDir = await usedDirectory();
    const lock = join(dataDir, "postgres", "postmaster.pid");
    await writeFile(lock, `${process.pid}\n${join(dataDir, "postgres")}\n1\n5432\n.\n\n`, { mode: 0o600 });
    const server = await start(dataDir);
    expect(await query(server.url, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });

  it("recovers from an interrupted first start, and deletes only its own files", async () => {
    const dataDir = await dataDirectory();
    await mkdir(join(dataDir, "postgres", "base"), { recursive: true });
    await writeFile(join(dataDir, "postgres", "PG_VERSION"), "18\n");
    await mkdir(join(dataDir, "postgres.init-999999999-abc"));
    const server = await start(dataDir);
    expect(await query(server.url, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
    const names = await readdir(dataDir);
    expect(names.filter((name) => name.startsWith("postgres.incomplete-"))).toHaveLength(1);
    expect(names.filter((name) => name.startsWith("postgres.init-"))).toEqual([]);
  });

  it("names the password file to restore when it is missing", async () => {
    const dataDir = await usedDirectory();
    await unlink(join(dataDir, "postgres-password"));
    await expect(start(dataDir)).rejects.toThrow("postgres-password is missing or empty");
  });

  it("refuses files of another Postgres release and names the release", async () => {
    const dataDir = await usedDirectory();
    await writeFile(join(dataDir, "postgres", "PG_VERSION"), "17\n");
    await expect(start(dataDir)).rejects.toThrow("Postgres 17 created the database");
  });

  it("works with a path too long for a socket, and in a directory private to its owner", async () => {
    const outer = await dataDirectory();
    await chmod(outer, 0o700);
    const server = await start(join(outer, "a".repeat(90)));
    expect(await query(server.url, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });
});

async function dataDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "causeway-embedded-"));
  await chmod(path, 0o711);
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** A data directory whose server ran and stopped before. */
async function usedDirectory(): Promise<string> {
  const path = await dataDirectory();
  await givePreparedCluster(path);
  return path;
}

async function start(dataDir: string, { durable = false } = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, log: quietLog(), durable });
  onTestFinished(() => server.stop());
  return server;
}

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client(url);
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

async function serverPid(dataDir: string): Promise<number> {
  return Number.parseInt(await readFile(join(dataDir, "postgres", "postmaster.pid"), "utf8"), 10);
}

/** Another process that only owns a server. */
async function ownerProcess(module: string, dataDir: string): Promise<{ child: ChildProcess; url: string }> {
  const script = `
    import { startEmbeddedPostgres } from ${JSON.stringify(module)};
    const log = { child: () => log, debug() {}, info() {}, warn() {}, error() {} };
    const server = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, log });
    process.stdout.write(server.url + "\\n");
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [line] = await once(child.stdout, "data");
  return { child, url: String(line).trim() };
}
