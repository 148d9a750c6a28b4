import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { open, readFile, readlink, realpath, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { PostgresAccount } from "./postgres-account.ts";

/**
 * Shell script that runs Postgres and never outlives the process that started it. When that process ends for any
 * reason, its end of the pipe closes, and the script stops Postgres.
 * The script ends when Postgres ends. `SIGINT` is Postgres's "fast shutdown".
 */
const SUPERVISOR_SCRIPT = `exec 3<&0
"$@" </dev/null 3<&- &
server=$!
{ read -r _ <&3; kill -INT $server; } 2>/dev/null &
supervisor=$!
exec 3<&-
wait $server
code=$?
kill $supervisor 2>/dev/null
exit $code`;

/** Name of the socket. The server listens on no port, so no other server can use this port number here. */
export const SOCKET_NAME = ".s.PGSQL.5432";

const LOG_BYTES_KEPT = 5_000_000;

/**
 * Starts the server in a separate process session, so that Ctrl-C in a terminal reaches us and not Postgres. The
 * returned child ends when the server ends.
 */
export async function spawnPostgres(options: {
  postgres: string;
  cluster: string;
  logPath: string;
  settings: Record<string, string>;
  account: PostgresAccount;
}): Promise<ChildProcess> {
  const flags = Object.entries(options.settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const server = [
    "/bin/sh",
    "-c",
    SUPERVISOR_SCRIPT,
    "postgres-supervisor",
    options.postgres,
    "-D",
    options.cluster,
    ...flags,
  ];
  const { command, args, ...identity } = options.account.launch(server[0] ?? "", server.slice(1));
  const size = await stat(options.logPath).then(
    (found) => found.size,
    () => 0,
  );
  if (size > LOG_BYTES_KEPT) await rename(options.logPath, `${options.logPath}.1`);
  const log = await open(options.logPath, "a", 0o600);
  try {
    const child = spawn(command, args, {
      ...identity,
      cwd: "/",
      detached: true,
      // Pass nothing of our environment: it holds tokens that a database server must not see.
      env: { LC_ALL: "C", PATH: "/usr/bin:/bin" },
      stdio: ["pipe", log.fd, log.fd],
    });
    child.on("error", () => undefined);
    child.stdin?.on("error", () => undefined);
    child.unref();
    // The pipe must not keep our process alive when all other work is done.
    const pipe: unknown = child.stdin;
    if (typeof pipe === "object" && pipe !== null && "unref" in pipe && typeof pipe.unref === "function")
      pipe.unref();
    return child;
  } finally {
    await log.close();
  }
}

/** True if a child that `spawnPostgres` started has ended. */
export function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
}

/** True if a process with this id exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** The process id in `postmaster.pid`. Null if no server has recorded itself for these files. */
export async function recordedServerPid(cluster: string): Promise<number | null> {
  const text = await readFile(join(cluster, "postmaster.pid"), "utf8").catch(() => "");
  const pid = Number(text.split("\n")[0]);
  return Number.isInteger(pid) && pid > 0 ? pid : null;
}

/**
 * Removes lock files that name a living process which is not a server on these files. Process ids are reused, in
 * containers at every start, and Postgres would refuse to start. Postgres itself removes the locks of a process that is
 * gone.
 */
export async function removeMistakenLocks(cluster: string, socketDir: string): Promise<void> {
  for (const lock of [join(cluster, "postmaster.pid"), join(socketDir, `${SOCKET_NAME}.lock`)]) {
    const text = await readFile(lock, "utf8").catch(() => null);
    if (text === null) continue;
    const pid = Number.parseInt(text, 10);
    // A crash of the machine leaves an empty lock file. Postgres would not start with that either.
    if (!(pid > 0) || (isAlive(pid) && !(await isServerOn(pid, cluster)))) await rm(lock, { force: true });
  }
}

/**
 * True if the process is a Postgres whose working directory is this cluster. Also true if that is unknown (no /proc).
 */
export async function isServerOn(pid: number, cluster: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  if (process.platform !== "linux" || isZombie(pid)) return process.platform !== "linux";
  try {
    return (await readlink(`/proc/${pid}/cwd`)) === (await realpath(cluster));
  } catch {
    // We may not read this process. So it is not a server of the account that our servers run as.
    return false;
  }
}

function isZombie(pid: number): boolean {
  try {
    return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return true;
  }
}
