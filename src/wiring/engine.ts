import type { Settings } from "../config/settings.ts";
import type { Logger } from "../core/logger.ts";
import { createHub, type Hub } from "../queue/hub.ts";
import { openQueueBackend, type QueueBackend } from "../queue/queue-backend.ts";
import { type Database, openDatabase } from "../storage/database.ts";
import { startEmbeddedPostgres } from "../storage/embedded-postgres.ts";
import { migrateDatabase } from "../storage/migrate.ts";

/** What the service runs on. */
export interface Engine {
  database: Database;
  queues: QueueBackend;
  hub: Hub;
  /** True where this process is the only one there can be: the embedded server belongs to it. */
  alone: boolean;
  /** Each dependency with its trouble, or null where it is well. */
  health(): Promise<Record<string, string | null>>;
  close(): Promise<void>;
}

/** Connections of one process: the pool of the stages, and what the queue and the hub open beside it. */
export const MAX_CONNECTIONS = 20;

/**
 * The one place that knows what the settings choose: an embedded Postgres or a given one, and BullMQ on Redis or on
 * that same Postgres. Everything behind it is the same code.
 */
export async function openEngine(
  settings: Pick<Settings, "databaseUrl" | "redisUrls" | "dataDir">,
  log: Logger,
  options: { queuePrefix?: string } = {},
): Promise<Engine> {
  const embedded =
    settings.databaseUrl === null ? await startEmbeddedPostgres({ dataDir: settings.dataDir, log }) : null;
  const url = settings.databaseUrl ?? embedded?.url ?? "";
  const database = openDatabase({ url, maxConnections: MAX_CONNECTIONS, log });
  try {
    await migrateDatabase({ url, log });
    const queues = await openQueueBackend({
      redisUrls: settings.redisUrls,
      databaseUrl: url,
      ...(options.queuePrefix ? { prefix: options.queuePrefix } : {}),
      log,
    });
    const alone = embedded !== null;
    const hub = await createHub({ backend: queues, alone, log });
    return {
      database,
      queues,
      hub,
      alone,
      async health() {
        const check = (probe: Promise<unknown>) =>
          probe.then(
            () => null,
            (error: unknown) => (error instanceof Error ? error.message : String(error)),
          );
        const [postgres, queue] = await Promise.all([
          check(database.pool.query("SELECT 1")),
          check(queues.ping()),
        ]);
        return { postgres, [queues.kind === "redis" ? "redis" : "queue"]: queue };
      },
      async close() {
        await hub.close();
        await queues.close();
        await database.close();
        await embedded?.stop();
      },
    };
  } catch (error) {
    await database.close();
    await embedded?.stop();
    throw error;
  }
}
