import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Settings } from "../config/settings.ts";
import { abortable } from "../core/process/abortable.ts";
import type { Logger } from "../core/process/logger.ts";
import { createStopSteps, type StopSteps } from "../core/process/stop-steps.ts";
import { createHub, type Hub } from "../queue/hub.ts";
import { openQueueBackend, type QueueBackend } from "../queue/queue-backend.ts";
import { type Database, openDatabase } from "../storage/database.ts";
import { startEmbeddedPostgres } from "../storage/embedded/embedded-postgres.ts";
import { migrateDatabase } from "../storage/migrate.ts";
import { isMigrated } from "../storage/migration-record.ts";
import { serviceKey } from "../storage/service-keys.ts";

/** The service's infrastructure. */
export interface Engine {
  database: Database;
  queues: QueueBackend;
  hub: Hub;
  /** Signs links to files. It is the same on all processes. */
  linkKey: Buffer;
  /** True if no other process can exist, because the embedded server belongs to this process. */
  alone: boolean;
  /** Each dependency with its problem; null if it is healthy. */
  health(): Promise<Record<string, string | null>>;
  /** Closes everything, each resource within its share of the stop's time. */
  close(steps: StopSteps): Promise<void>;
}

/**
 * The only place that knows the choices of the settings. Postgres is embedded or given, and BullMQ runs on Redis or on
 * that Postgres. All other code is the same for both.
 */
export async function openEngine(
  settings: Pick<Settings, "databaseUrl" | "databaseConnections" | "redisUrls" | "dataDir">,
  log: Logger,
  options: { queuePrefix?: string | undefined; signal?: AbortSignal | undefined } = {},
): Promise<Engine> {
  const { queuePrefix: prefix = "causeway", signal } = options;
  /** The opened resources, which are closed in reverse order. */
  const opened: { name: string; until: number; close(leftMs: number): Promise<unknown> }[] = [];

  async function close({ step, leftUntil }: StopSteps): Promise<void> {
    for (const { name, until, close: end } of opened.toReversed()) {
      await step(name, until, () => end(leftUntil(until)));
    }
  }

  async function open(): Promise<Engine> {
    const { databaseUrl, databaseConnections, redisUrls, dataDir } = settings;
    const alone = databaseUrl === null;
    let url = databaseUrl ?? "";
    if (!alone && existsSync(join(dataDir, "postgres"))) {
      log.warn({ data_dir: dataDir }, "the embedded database is not used, because DATABASE_URL is set");
    }
    if (alone) {
      const embedded = await abortable(startEmbeddedPostgres({ dataDir, log }), signal);
      url = embedded.url;
      // A clean stop only makes the next start quicker, so its time ends before the time of the whole stop.
      opened.push({
        name: "the embedded Postgres",
        until: 1,
        close: (leftMs) => embedded.stop(0.6 * leftMs),
      });
    }
    const database = openDatabase({ url, maxConnections: databaseConnections, log });
    opened.push({ name: "connections to the database", until: 0.95, close: database.close });
    if (!(await abortable(isMigrated(database.pool), signal))) {
      await abortable(migrateDatabase({ url, log }), signal);
    }
    const linkKey = await abortable(serviceKey(database.pool, "attachment-links"), signal);
    const queues = await openQueueBackend({
      redisUrls,
      databaseUrl: url,
      databaseConnections,
      prefix,
      signal,
      log,
    });
    opened.push({ name: "connections to the queue", until: 0.94, close: (leftMs) => queues.close(leftMs) });
    const hub = await abortable(createHub({ backend: queues, alone, log }), signal);
    opened.push({ name: "notices to other processes", until: 0.93, close: hub.close });
    return { database, queues, hub, linkKey, alone, health: () => healthOf({ database, queues }), close };
  }

  try {
    return await open();
  } catch (error) {
    await close(createStopSteps(FAILED_START_MS, log));
    throw error;
  }
}

/** Time limit for closing the opened resources after a failed start, milliseconds. */
const FAILED_START_MS = 10_000;

async function healthOf({
  database,
  queues,
}: Pick<Engine, "database" | "queues">): Promise<Record<string, string | null>> {
  const check = (probe: Promise<unknown>) =>
    probe.then(
      () => null,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
  const [postgres, queue] = await Promise.all([check(database.ping()), check(queues.ping())]);
  return { postgres, [queues.kind === "redis" ? "redis" : "queue"]: queue };
}
