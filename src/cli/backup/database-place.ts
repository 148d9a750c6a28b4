import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Settings } from "../../config/settings.ts";
import type { Logger } from "../../core/process/logger.ts";
import { startEmbeddedPostgres } from "../../storage/embedded/embedded-postgres.ts";
import { runningEmbedded } from "../../storage/embedded/running-embedded.ts";

type Place = Pick<Settings, "databaseUrl" | "dataDir">;

/** A database to read or write, which is closed after use. */
export interface OpenDatabase {
  url: string;
  close(): Promise<void>;
}

const NOTHING_TO_CLOSE = async () => undefined;

/** The service's database, in use or not. Null if there is none yet. */
export async function openForBackup(
  { databaseUrl, dataDir }: Place,
  log: Logger,
): Promise<OpenDatabase | null> {
  if (databaseUrl !== null) return { url: databaseUrl, close: NOTHING_TO_CLOSE };
  const running = await runningEmbedded(dataDir);
  if (running !== null) return { url: running, close: NOTHING_TO_CLOSE };
  if (!existsSync(join(dataDir, "postgres"))) return null;
  return start(dataDir, log);
}

/** The database for a restore. A missing embedded database is created. No service may run on it. */
export async function openForRestore({ databaseUrl, dataDir }: Place, log: Logger): Promise<OpenDatabase> {
  if (databaseUrl !== null) return { url: databaseUrl, close: NOTHING_TO_CLOSE };
  return start(dataDir, log);
}

async function start(dataDir: string, log: Logger): Promise<OpenDatabase> {
  const embedded = await startEmbeddedPostgres({ dataDir, log });
  return { url: embedded.url, close: () => embedded.stop() };
}
