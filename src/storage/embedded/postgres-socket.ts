import { createHash } from "node:crypto";
import { chown, mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { StartupError } from "../../core/faults/errors.ts";
import type { PostgresAccount } from "./postgres-account.ts";
import { SOCKET_NAME } from "./postgres-process.ts";

/** Length that fits the kernel's `sun_path` on every platform (104 bytes on macOS, 108 on Linux). */
const SOCKET_PATH_BYTES = 100;

/** The path of the directory of a server's socket. It may not exist yet. */
export function socketPlace(cluster: string): string {
  if (Buffer.byteLength(join(cluster, SOCKET_NAME)) <= SOCKET_PATH_BYTES) return cluster;
  const name = createHash("sha256").update(cluster).digest("hex").slice(0, 16);
  return `/tmp/causeway-${name}`;
}

/**
 * Returns the directory of the server's Unix socket: normally the cluster itself. If that path is too long for a
 * socket, it is a private directory under /tmp. Its name comes from the cluster's path, so every start on the same
 * files finds the same socket.
 */
export async function socketDirectory(cluster: string, account: PostgresAccount): Promise<string> {
  const directory = socketPlace(cluster);
  if (directory === cluster) return cluster;
  const owner = account.owner ?? { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  await mkdir(directory, { mode: 0o700 }).then(
    () => chown(directory, owner.uid, owner.gid),
    (error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    },
  );
  const found = await stat(directory);
  if (found.isDirectory() && found.uid === owner.uid && (found.mode & 0o077) === 0) return directory;
  throw new StartupError(
    `${directory}, where the database's socket belongs, is not a private directory of ours. Remove it.`,
  );
}
