import { setTimeout as delay } from "node:timers/promises";
import type { Pool, PoolClient } from "pg";
import type { Logger } from "../core/process/logger.ts";
import { watchConnection } from "../storage/connection-check.ts";
import { openPool } from "../storage/database.ts";
import { createOutageLog } from "./outage-log.ts";
import { shareListener } from "./shared-listener.ts";

/** The queue's connections for statements as a share of those of the service. Workers and notices listen on one more. */
const SHARE_OF_CONNECTIONS = 0.4;
const RETRY_MS = 250;
/** Shows operators which connection waits without ever sending a statement. */
const NAMED_LISTENER = "SET application_name = 'causeway-listener'";

export type QueueConnections = ReturnType<typeof openQueueConnections>;

/** The connections of the queue to Postgres. They survive an outage of the server. */
export function openQueueConnections({ url, most, log }: { url: string; most: number; log: Logger }) {
  const outage = createOutageLog(log, "postgres queue");
  const setup = ["SET search_path = bullmq", "SET synchronous_commit = off"];
  const queries = openPool({
    url,
    maxConnections: Math.max(2, Math.floor(most * SHARE_OF_CONNECTIONS)),
    log,
    setup,
  });
  // Two, because a lost connection may still be closing when the next one opens.
  const listeners = openPool({ url, maxConnections: 2, log, setup: [...setup, NAMED_LISTENER] });
  // Every queue and worker adds an error listener to this object, since each takes it for its own pool.
  queries.setMaxListeners(0);
  const handedOut = new Set<PoolClient>();
  let closing = false;

  /**
   * Opens a connection, and waits if the server is down. BullMQ remembers a failed first connection and would stay
   * broken.
   */
  async function connectTo(pool: Pool) {
    for (;;) {
      try {
        const client = lend(await pool.connect());
        outage.restored();
        if (!closing) return client;
        // The caller is gone and would never release it.
        client.release(true);
        throw new Error("the queue is closed");
      } catch (error) {
        if (closing) throw error;
        outage.lost(error);
        await delay(RETRY_MS);
      }
    }
  }

  /**
   * Allows several calls of `release`: each part that notices a lost connection releases it. A second release would
   * throw inside an event handler, which would end the process.
   * A connection that listens sends nothing, so it never notices that the network drops it silently. Jobs would then
   * wait for BullMQ's next look at the table. The check reports the loss as an error of the connection.
   */
  function lend(client: PoolClient): PoolClient {
    const release = client.release.bind(client);
    handedOut.add(client);
    const stopWatching = watchConnection(client, (error) => client.emit("error", error));
    client.release = (destroy) => {
      stopWatching();
      if (handedOut.delete(client)) release(destroy);
    };
    return client;
  }

  return {
    /** The pool for statements. */
    queries,
    /** Takes a connection for statements out of the pool. */
    connect: () => connectTo(queries),
    /** The connection that all workers and notices listen on. */
    listen: shareListener(() => connectTo(listeners)),
    async close(): Promise<void> {
      closing = true;
      // BullMQ forgets a connection that was lost during its setup. The pool would wait for it forever.
      for (const client of [...handedOut]) client.release(true);
      await Promise.all([queries.end(), listeners.end()]);
    },
  };
}
