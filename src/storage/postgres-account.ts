import { spawn } from "node:child_process";
import { chmod, readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { StartupError } from "../core/errors.ts";

/** How the Postgres programs are started: as which account, and by way of which command. */
export interface PostgresAccount {
  /** Account that owns the database files; null where that is the account we run as. */
  owner: { uid: number; gid: number } | null;
  /** Turns a command into the one to spawn. */
  launch(command: string, args: string[]): { command: string; args: string[]; uid?: number; gid?: number };
}

const ownAccount: PostgresAccount = { owner: null, launch: (command, args) => ({ command, args }) };

/**
 * Postgres refuses to run as root, so root starts it as the system account `postgres`, made where it is missing.
 * @param paths what that account has to reach: the programs and the data directory.
 */
export async function postgresAccount(dataDir: string, paths: string[]): Promise<PostgresAccount> {
  if (process.platform === "win32" || process.getuid?.() !== 0) return ownAccount;
  const owner = (await findAccount("postgres")) ?? (await createAccount("postgres"));
  await openOwnDirectory(dataDir);
  const blocked = await firstBlocked(paths, owner);
  if (blocked === null) return { owner, launch: (command, args) => ({ command, args, ...owner }) };
  if (await canLendAccess()) return { owner, launch: (command, args) => lendAccess(owner, command, args) };
  throw new StartupError(
    `You run as root, so Postgres runs as the account "postgres", which may not pass through ${blocked}. ` +
      `Allow it with: chmod o+x ${blocked} (or start from a directory outside it, or as a normal user, ` +
      "or set DATABASE_URL to a Postgres of your own).",
  );
}

async function findAccount(name: string): Promise<{ uid: number; gid: number } | null> {
  for (const line of (await readFile("/etc/passwd", "utf8")).split("\n")) {
    const [account, , uid, gid] = line.split(":");
    if (account === name) return { uid: Number(uid), gid: Number(gid) };
  }
  return null;
}

async function createAccount(name: string): Promise<{ uid: number; gid: number }> {
  await run("useradd", [
    "--system",
    "--user-group",
    "--no-create-home",
    "--shell",
    "/usr/sbin/nologin",
    name,
  ]);
  const made = await findAccount(name);
  if (made) return made;
  throw new StartupError(
    `You run as root, Postgres must not, and the account "${name}" it would run as cannot be created. ` +
      `Create it (useradd --system ${name}), start as a normal user, or set DATABASE_URL to a Postgres of your own.`,
  );
}

/** Our own directory may be passed through (not listed); the secrets in it are files of mode 0600. */
async function openOwnDirectory(dataDir: string): Promise<void> {
  const { mode } = await stat(dataDir);
  if ((mode & 0o011) !== 0o011) await chmod(dataDir, (mode & 0o777) | 0o011);
}

/** The outermost directory on the way to any of the paths that the account may not pass through. */
async function firstBlocked(paths: string[], owner: { uid: number; gid: number }): Promise<string | null> {
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
 * Under a private directory (root's home, a fresh temporary directory) Postgres gets one right of root along: to read
 * and pass through directories. It asks access(2), which honours that only with the bit `no_setuid_fixup`.
 */
function lendAccess(
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

async function canLendAccess(): Promise<boolean> {
  const { command, args } = lendAccess({ uid: 65534, gid: 65534 }, "/bin/sh", ["-c", "exit 0"]);
  return (await run(command, args)) === 0;
}

function run(command: string, args: string[]): Promise<number | null> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: "ignore" });
    child.once("error", () => resolve(null));
    child.once("close", (code) => resolve(code));
  });
}
