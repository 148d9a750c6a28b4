import { spawn } from "node:child_process";
import { chmod, readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { StartupError } from "../../core/faults/errors.ts";
import type { Logger } from "../../core/process/logger.ts";

/** The account and the command that start the Postgres programs. */
export interface PostgresAccount {
  /** Account that owns the database files. Null if it is the account of this process. */
  owner: { uid: number; gid: number } | null;
  /** Turns a command into the one to spawn. */
  launch(command: string, args: string[]): { command: string; args: string[]; uid?: number; gid?: number };
}

const ownAccount: PostgresAccount = { owner: null, launch: (command, args) => ({ command, args }) };

/**
 * Name of a separate system account. Another Postgres that runs as `postgres` on this machine cannot read these files.
 */
const ACCOUNT = "causeway";

/**
 * Postgres refuses to run as root. So root starts it as the system account `causeway`, and creates the account if
 * needed. An existing cluster keeps the account that owns it.
 * @param paths files that the account must reach: the cluster first, then the programs.
 */
export async function postgresAccount(
  dataDir: string,
  paths: readonly [cluster: string, ...programs: string[]],
  log: Pick<Logger, "info">,
): Promise<PostgresAccount> {
  if (process.platform === "win32" || process.getuid?.() !== 0) return ownAccount;
  const owner = (await ownerOf(paths[0])) ?? (await findAccount(ACCOUNT)) ?? (await createAccount(log));
  await openOwnDirectory(dataDir);
  const blocked = await firstBlocked(paths, owner);
  if (blocked === null) return { owner, launch: (command, args) => ({ command, args, ...owner }) };
  if (await canGrantDirectoryAccess())
    return { owner, launch: (command, args) => grantDirectoryAccess(owner, command, args) };
  throw new StartupError(
    `You run as root, so Postgres runs as the account "${ACCOUNT}", which may not pass through ${blocked}. ` +
      `Allow it with: chmod o+x ${blocked} (or start from a directory outside it, or as a normal user, ` +
      "or set DATABASE_URL to a Postgres of your own).",
  );
}

/** Owner of an existing cluster. Null if there is no cluster, or if root owns it, since root cannot run Postgres. */
async function ownerOf(cluster: string): Promise<{ uid: number; gid: number } | null> {
  const found = await stat(cluster).catch(() => null);
  return found === null || found.uid === 0 ? null : { uid: found.uid, gid: found.gid };
}

async function findAccount(name: string): Promise<{ uid: number; gid: number } | null> {
  for (const line of (await readFile("/etc/passwd", "utf8")).split("\n")) {
    const [account, , uid, gid] = line.split(":");
    if (account === name) return { uid: Number(uid), gid: Number(gid) };
  }
  return null;
}

async function createAccount(log: Pick<Logger, "info">): Promise<{ uid: number; gid: number }> {
  const flags = ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"];
  await run("useradd", [...flags, ACCOUNT]);
  const made = await findAccount(ACCOUNT);
  if (made) {
    log.info({ account: ACCOUNT }, "started as root: created a system account for the embedded Postgres");
    return made;
  }
  throw new StartupError(
    `You run as root, which Postgres refuses, and its account "${ACCOUNT}" cannot be created. ` +
      `Create it (useradd --system ${ACCOUNT}), start as a normal user, or set DATABASE_URL to a Postgres of your own.`,
  );
}

/** Lets every account pass through our data directory, but not list it. Its secrets are files of mode 0600. */
async function openOwnDirectory(dataDir: string): Promise<void> {
  const { mode } = await stat(dataDir);
  if ((mode & 0o011) !== 0o011) await chmod(dataDir, (mode & 0o777) | 0o011);
}

/** The outermost directory, on the way to any of the paths, that the account may not pass through. */
async function firstBlocked(
  paths: readonly string[],
  owner: { uid: number; gid: number },
): Promise<string | null> {
  for (const path of paths) {
    const ancestors: string[] = [];
    for (let at = dirname(path); ; at = dirname(at)) {
      ancestors.unshift(at);
      if (at === dirname(at)) break;
    }
    for (const directory of ancestors) {
      const { uid, gid, mode } = await stat(directory);
      const bit = uid === owner.uid ? 0o100 : gid === owner.gid ? 0o010 : 0o001;
      if ((mode & bit) === 0) return directory;
    }
  }
  return null;
}

/**
 * Gives Postgres one right of root: to read and pass through directories. It needs this under a private directory, such
 * as root's home or a new temporary directory.
 * Postgres checks with access(2), which respects that right only with the bit `no_setuid_fixup`.
 */
function grantDirectoryAccess(
  owner: { uid: number; gid: number },
  command: string,
  args: string[],
): { command: string; args: string[] } {
  const rights = "-all,+dac_read_search";
  const flags = [
    `--reuid=${owner.uid}`,
    `--regid=${owner.gid}`,
    "--clear-groups",
    "--securebits=+no_setuid_fixup",
  ];
  return {
    command: "setpriv",
    args: [
      ...flags,
      `--inh-caps=${rights}`,
      `--ambient-caps=${rights}`,
      `--bounding-set=${rights}`,
      command,
      ...args,
    ],
  };
}

async function canGrantDirectoryAccess(): Promise<boolean> {
  const { command, args } = grantDirectoryAccess({ uid: 65534, gid: 65534 }, "/bin/sh", ["-c", "exit 0"]);
  return (await run(command, args)) === 0;
}

function run(command: string, args: string[]): Promise<number | null> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: "ignore" });
    child.once("error", () => resolve(null));
    child.once("close", (code) => resolve(code));
  });
}
