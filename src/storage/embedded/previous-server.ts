import { setTimeout as delay } from "node:timers/promises";
import { StartupError } from "../../core/faults/errors.ts";
import type { Logger } from "../../core/process/logger.ts";
import { tryToOwn } from "./postgres-owner.ts";
import { isAlive, isServerOn, recordedServerPid, removeMistakenLocks } from "./postgres-process.ts";

const POLL_MS = 20;
/** Time that an earlier server may take to exit. It may be stopping, or its owner process may have died. */
const PREVIOUS_SERVER_MS = 60_000;

/** Waits for a server whose owner is gone, or stops it. Throws a StartupError if the owner still runs. */
export async function removePreviousServer(options: {
  dataDir: string;
  cluster: string;
  socketDir: string;
  password: string;
  /** The id of this process if it has owned a server before; null at its first start. */
  ownPid: number | null;
  /** True once nobody needs the server any more. */
  isOver(): boolean;
  log: Logger;
}): Promise<void> {
  const { dataDir, cluster, socketDir, password, ownPid, isOver, log } = options;
  const deadline = Date.now() + PREVIOUS_SERVER_MS;
  while (Date.now() < deadline) {
    if (isOver()) return;
    await removeMistakenLocks(cluster, socketDir);
    const answer = await tryToOwn(socketDir, password);
    if (answer.kind === "held" && answer.ownerPid !== ownPid) {
      const { ownerPid } = answer;
      if (ownerPid === null || isAlive(ownerPid)) throw inUse(dataDir, ownerPid);
    }
    if (answer.kind === "owned") {
      log.warn({ data_dir: dataDir, pid: answer.serverPid }, "stopping a Postgres whose owner was killed");
      signalServer(answer.serverPid, "SIGINT");
      await answer.client.end().catch(() => undefined);
    }
    const pid = await recordedServerPid(cluster);
    if (answer.kind === "absent" && (pid === null || !(await isServerOn(pid, cluster)))) return;
    await delay(POLL_MS);
  }
  throw inUse(dataDir, await recordedServerPid(cluster));
}

/** Signals a server that may have ended a moment before. */
export function signalServer(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

export function inUse(dataDir: string, pid: number | null): StartupError {
  return new StartupError(
    `The data directory ${dataDir} is in use by process ${pid ?? "(unknown)"}. Stop that process first, or set ` +
      "CAUSEWAY_DATA_DIR to another directory; several processes on one database need DATABASE_URL.",
  );
}
