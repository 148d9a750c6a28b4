import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmod,
  chown,
  link,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  unlink,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { StartupError } from "../../core/faults/errors.ts";
import type { Logger } from "../../core/process/logger.ts";
import type { PostgresAccount } from "./postgres-account.ts";
import { isAlive } from "./postgres-process.ts";

const POSTGRES_MAJOR = "18";
const STAGING_PREFIX = "postgres.init-";

/**
 * Creates the database files at `<dataDir>/postgres` if they are missing, and returns the superuser's password. It
 * creates them in a staging directory and renames it. So an interrupted start leaves no incomplete cluster.
 */
export async function ensureCluster(options: {
  dataDir: string;
  initdb: string;
  account: PostgresAccount;
  durable: boolean;
  log: Logger;
}): Promise<{ password: string }> {
  const { dataDir, log } = options;
  const cluster = join(dataDir, "postgres");
  await removeAbandonedStaging(dataDir);
  const found = await inspectCluster(cluster);
  if (found === "ready") return { password: await readPassword(dataDir) };
  if (found === "unusable") {
    const aside = `${cluster}.incomplete-${Date.now()}`;
    await rename(cluster, aside);
    log.warn(
      { path: cluster, moved_to: aside },
      "incomplete database files were moved aside; starting with new ones",
    );
  }
  const password = await createPassword(dataDir);
  await initialise({ ...options, cluster, password });
  return { password };
}

/** `unusable` means: files exist, but without a control file. No Postgres ever ran on them, so they hold no data. */
async function inspectCluster(cluster: string): Promise<"ready" | "absent" | "unusable"> {
  const entries = await readdir(cluster).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  if (entries.length === 0) return "absent";
  const control = await readdir(join(cluster, "global")).catch((): string[] => []);
  if (!entries.includes("PG_VERSION") || !control.includes("pg_control")) return "unusable";
  const version = (await readFile(join(cluster, "PG_VERSION"), "utf8")).trim();
  if (version === POSTGRES_MAJOR) return "ready";
  throw new StartupError(
    `Postgres ${version} created the database in ${cluster}, and this release contains Postgres ${POSTGRES_MAJOR}. ` +
      "Dump it with the release that created it, move the directory away and restore the dump.",
  );
}

async function initialise(options: {
  dataDir: string;
  cluster: string;
  initdb: string;
  account: PostgresAccount;
  password: string;
  durable: boolean;
  log: Logger;
}): Promise<void> {
  const { dataDir, cluster, account } = options;
  const staging = join(dataDir, `${STAGING_PREFIX}${process.pid}-${randomBytes(4).toString("hex")}`);
  const passwordFile = join(staging, "password");
  await mkdir(staging, { mode: 0o700 });
  await writeFile(passwordFile, `${options.password}\n`, { mode: 0o600 });
  if (account.owner) {
    await chown(passwordFile, account.owner.uid, account.owner.gid);
    await chown(staging, account.owner.uid, account.owner.gid);
  }
  await runInitdb(options.initdb, account, [
    `--pgdata=${join(staging, "data")}`,
    "--username=postgres",
    `--pwfile=${passwordFile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    // Postgres writes a new log file in full before its first use, and every commit waits for that. For the usual 16 MB
    // it takes 60 ms, so use 1 MB.
    "--wal-segsize=1",
    "--no-instructions",
    ...(options.durable ? [] : ["--no-sync"]),
  ]);
  await rename(join(staging, "data"), cluster).catch((error: NodeJS.ErrnoException) => {
    // Another start at the same moment was faster. Its cluster has the same password file.
    if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
  });
  await rm(staging, { recursive: true, force: true });
  options.log.info({ path: cluster }, "database files created");
}

function runInitdb(initdb: string, account: PostgresAccount, args: string[]): Promise<void> {
  const { command, args: launched, ...identity } = account.launch(initdb, args);
  return new Promise((resolve, reject) => {
    const child = spawn(command, launched, {
      ...identity,
      cwd: "/",
      detached: true,
      env: { LC_ALL: "C", PATH: "/usr/bin:/bin" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let errors = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.once("error", (cause) =>
      reject(new StartupError(`initdb did not start: ${cause.message}`, { cause })),
    );
    child.once("close", (code) => {
      if (code === 0) resolve();
      else reject(new StartupError(`initdb could not create the database files: ${errors.trim()}`));
    });
  });
}

/** Removes the staging directories of initdb runs whose process is gone. */
async function removeAbandonedStaging(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir)) {
    if (!name.startsWith(STAGING_PREFIX)) continue;
    const pid = Number(name.slice(STAGING_PREFIX.length).split("-")[0]);
    if (pid === process.pid || !isAlive(pid)) await rm(join(dataDir, name), { recursive: true, force: true });
  }
}

const passwordPath = (dataDir: string) => join(dataDir, "postgres-password");

async function readPassword(dataDir: string): Promise<string> {
  const password = (await readFile(passwordPath(dataDir), "utf8").catch(() => "")).trim();
  if (password) return password;
  throw new StartupError(
    `The database in ${join(dataDir, "postgres")} exists, but its password file ${passwordPath(dataDir)} is missing or ` +
      "empty. Restore the file from the same backup as the database.",
  );
}

/**
 * Creates the password file. Two simultaneous starts get the same password, because link(2) lets only the first file
 * take the name.
 */
async function createPassword(dataDir: string): Promise<string> {
  const draft = `${passwordPath(dataDir)}.${randomBytes(4).toString("hex")}`;
  await writeFile(draft, `${randomBytes(24).toString("base64url")}\n`, { mode: 0o600 });
  await link(draft, passwordPath(dataDir)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  await unlink(draft);
  await chmod(passwordPath(dataDir), 0o600);
  return await readPassword(dataDir);
}
