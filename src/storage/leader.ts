import type { Pool, PoolClient } from "pg";
import type { Logger } from "../core/process/logger.ts";
import { wait } from "../core/time/wait.ts";
import { watchConnection } from "./connection-check.ts";

/** Interval at which a process that is not the leader tries to become it, in milliseconds. */
const ELECTION_INTERVAL_MS = 2_000;

/**
 * Runs `task` while this process holds the advisory lock of that name. Exactly one process holds it at a time. The lock
 * belongs to a connection. When the process or the connection dies, Postgres frees it and another process takes over.
 */
export function whileLeader(
  pool: Pool,
  name: string,
  task: (signal: AbortSignal) => Promise<void>,
  options: { stop: AbortSignal; log: Logger },
): Promise<void> {
  const { stop, log } = options;
  return (async () => {
    while (!stop.aborted) {
      try {
        await leadOnce(pool, name, task, stop);
      } catch (error) {
        log.warn({ err: error, name }, "leadership ended with an error");
      }
      await wait(ELECTION_INTERVAL_MS, stop);
    }
  })();
}

async function leadOnce(
  pool: Pool,
  name: string,
  task: (signal: AbortSignal) => Promise<void>,
  stop: AbortSignal,
): Promise<void> {
  const client = await pool.connect();
  // The lock belongs to the connection. After an error its state is unknown, so the connection is closed.
  let broken: Error | boolean = false;
  try {
    const { rows } = await client.query<{ locked: boolean }>(
      "SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS locked",
      [name],
    );
    if (!rows[0]?.locked) return;
    const lost = new AbortController();
    const onLost = (error?: unknown) => {
      broken = error instanceof Error ? error : true;
      lost.abort();
    };
    client.once("error", onLost);
    client.once("end", onLost);
    const stopWatching = watchConnection(client, onLost);
    try {
      await task(AbortSignal.any([stop, lost.signal]));
    } finally {
      stopWatching();
      client.removeListener("error", onLost);
      client.removeListener("end", onLost);
      if (!broken) await unlock(client, name);
    }
  } catch (error) {
    broken = error instanceof Error ? error : true;
    throw error;
  } finally {
    client.release(broken);
  }
}

async function unlock(client: PoolClient, name: string): Promise<void> {
  await client.query("SELECT pg_advisory_unlock(hashtextextended($1, 0))", [name]);
}
