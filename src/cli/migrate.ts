import type { Environment } from "../config/env.ts";
import { formatConfigProblems } from "../config/format-problems.ts";
import { parseSettings } from "../config/settings.ts";
import { explainStart } from "../core/faults/start-fault.ts";
import { createLogger } from "../observability/logger.ts";
import { createRedactor } from "../observability/redaction.ts";
import { openQueueBackend } from "../queue/queue-backend.ts";
import { migrateDatabase } from "../storage/migrate.ts";

/**
 * Creates or changes the tables of a given Postgres, including the queue's tables if the queue uses Postgres. The role
 * that owns the tables runs it. Then the service can run under a role that may only read and write rows. Every start of
 * the service does the same if its role may.
 */
export async function migrate(options: { env: Environment; print(line: string): void }): Promise<boolean> {
  const { env, print } = options;
  const { settings, problems } = parseSettings(env);
  const { databaseUrl, redisUrls } = settings;
  if (problems.length > 0 || databaseUrl === null) {
    print(
      problems.length > 0
        ? formatConfigProblems(problems)
        : "Set DATABASE_URL: the embedded database needs no help.",
    );
    return false;
  }
  const redactor = createRedactor([decodeURIComponent(new URL(databaseUrl).password)]);
  const log = createLogger({ level: "warn", redactor });
  try {
    const applied = await migrateDatabase({ url: databaseUrl, log });
    // Opening the queue creates its tables.
    if (redisUrls === null) await (await openQueueBackend({ databaseUrl, log })).close();
    print(applied.length === 0 ? "The tables are up to date." : `Applied: ${applied.join(", ")}`);
    return true;
  } catch (error) {
    const fault = explainStart(error, settings);
    print(redactor.redact(fault instanceof Error ? fault.message : String(fault)));
    return false;
  }
}
