import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { StartupError } from "../../core/faults/errors.ts";

/** Another start may be handing the files to the account of Postgres at this moment. */
const POLL_AGAIN_MS = 5_000;
const POLL_MS = 100;

/**
 * Postgres takes no files of another account, and says so in words that do not help. Such files come from a copy made
 * by root. Returns the error for files that stay so; null if there are none any more.
 */
export async function foreignFiles(cluster: string, uid: number | undefined): Promise<StartupError | null> {
  if (uid === undefined) return null;
  const deadline = Date.now() + POLL_AGAIN_MS;
  for (;;) {
    const owner = await otherOwner(cluster, uid);
    if (owner === null) return null;
    if (Date.now() >= deadline)
      return new StartupError(
        `The database files in ${cluster} belong to account ${owner}, and Postgres runs as account ${uid}. ` +
          `They may have been copied without their owner. Give them back with: chown -R ${uid} ${cluster}`,
      );
    await delay(POLL_MS);
  }
}

async function otherOwner(cluster: string, uid: number): Promise<number | null> {
  const names = await readdir(cluster).catch(() => []);
  for (const name of ["", ...names, "global/pg_control"]) {
    // A running start may rename or remove a file between two checks.
    const found = await stat(join(cluster, name)).catch(() => null);
    if (found !== null && found.uid !== uid) return found.uid;
  }
  return null;
}
