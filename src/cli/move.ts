import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Environment, variables } from "../config/env.ts";
import { parseSettings } from "../config/settings.ts";
import { StartupError } from "../core/faults/errors.ts";
import { explainStart } from "../core/faults/start-fault.ts";
import type { Logger } from "../core/process/logger.ts";
import { createLogger } from "../observability/logger.ts";
import { createRedactor } from "../observability/redaction.ts";
import { type CopyResult, copyDatabase } from "../storage/copy-database.ts";
import { startEmbeddedPostgres } from "../storage/embedded/embedded-postgres.ts";
import { migrateDatabase } from "../storage/migrate.ts";

export interface MoveOptions {
  env: Environment;
  /** Base directory of relative paths. */
  directory: string;
  /** URL of the target. */
  to: string;
  print(line: string): void;
}

/** `causeway move`: copies the embedded database into your own Postgres. False if nothing was copied. */
export async function moveDatabase({ env, directory, to, print }: MoveOptions): Promise<boolean> {
  const url = variables.DATABASE_URL.schema.safeParse(to);
  if (!url.success) {
    print(`--to is no address of a Postgres: ${url.error.issues.map(({ message }) => message).join("; ")}.`);
    return false;
  }
  const { dataDir } = parseSettings(env, directory).settings;
  if (!existsSync(join(dataDir, "postgres"))) {
    print(
      `There is no embedded database in ${dataDir}. Run this in the directory in which the service was started.`,
    );
    return false;
  }
  const redactor = createRedactor([decodeURIComponent(new URL(to).password)]);
  const log = createLogger({ level: "warn", redactor });
  try {
    const result = await copyEmbedded({ dataDir, to, log });
    if ("occupied" in result) {
      print(
        `The target has rows already (${result.occupied.join(", ")}). Give the address of an empty database.`,
      );
      return false;
    }
    report(result.copied, dataDir, print);
    return true;
  } catch (error) {
    const fault = explainStart(error, { dataDir, databaseUrl: to });
    if (!(fault instanceof Error)) throw fault;
    print(redactor.redact(fault.message));
    print("Nothing was copied.");
    return false;
  }
}

async function copyEmbedded({
  dataDir,
  to,
  log,
}: {
  dataDir: string;
  to: string;
  log: Logger;
}): Promise<CopyResult> {
  const embedded = await startEmbeddedPostgres({ dataDir, log }).catch((error: unknown) => {
    if (!(error instanceof StartupError)) throw error;
    throw new StartupError(`${error.message} If the service runs, stop it first.`, { cause: error });
  });
  try {
    await migrateDatabase({ url: embedded.url, log });
    await migrateDatabase({ url: to, log });
    return await copyDatabase({ from: embedded.url, to, log });
  } finally {
    await embedded.stop();
  }
}

function report(copied: ReadonlyMap<string, number>, dataDir: string, print: (line: string) => void): void {
  const rows = [...copied].filter(([, count]) => count > 0).sort(([a], [b]) => a.localeCompare(b));
  for (const [name, count] of rows) print(`  ${name}: ${count}`);
  print("Every row was copied, and the counts are the same.");
  print("Now set DATABASE_URL to that address and start the service. It queues the unfinished work again.");
  print(
    `Keep ${dataDir}: the API key and the files are there. Once you are sure, remove its folder postgres.`,
  );
}
