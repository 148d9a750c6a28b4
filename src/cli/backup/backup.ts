import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createFileDirectory } from "../../attachments/file-directory.ts";
import { readWhole } from "../../attachments/file-store.ts";
import type { Environment } from "../../config/env.ts";
import { parseSettings, type Settings } from "../../config/settings.ts";
import { explainStart } from "../../core/faults/start-fault.ts";
import { createLogger } from "../../observability/logger.ts";
import { createRedactor } from "../../observability/redaction.ts";
import { type BackedUp, backupLines } from "../../storage/backup-database.ts";
import { writeBackup } from "../../storage/backup-lines.ts";
import { openForBackup } from "./database-place.ts";

export interface BackupCommand {
  env: Environment;
  /** Base directory of relative paths. */
  directory: string;
  file: string;
  release: string;
  print(line: string): void;
}

/** Secrets that an installation generates. The password of the embedded database belongs to its files. */
export const KEPT_SECRETS = ["api-key"];

/** `causeway backup`: writes the database and its files to one file, while the service runs. False if it did not. */
export async function backUp({ env, directory, file, release, print }: BackupCommand): Promise<boolean> {
  const path = resolve(directory, file);
  if (existsSync(path)) {
    print(`${file} exists. Give another name: a backup replaces nothing.`);
    return false;
  }
  const { settings } = parseSettings(env, directory);
  const log = createLogger({ level: "warn", redactor: createRedactor([settings.databaseUrl ?? ""]) });
  try {
    const database = await openForBackup(settings, log);
    if (database === null) {
      print(`There is no embedded database in ${settings.dataDir}. Run this where the service was started.`);
      return false;
    }
    try {
      let counts: BackedUp = { rows: 0, files: 0 };
      const lines = backupLines({
        url: database.url,
        release,
        secrets: await secretsIn(settings),
        readFile: fileReader(settings),
        log,
        done(result) {
          counts = result;
        },
      });
      await writeBackup(path, lines);
      report(print, { file, settings, ...counts });
      return true;
    } finally {
      await database.close();
    }
  } catch (error) {
    const fault = explainStart(error, settings);
    if (!(fault instanceof Error)) throw fault;
    print(fault.message);
    print("No backup was written.");
    return false;
  }
}

function report(
  print: BackupCommand["print"],
  { file, settings, rows, files }: { file: string; settings: Settings } & BackedUp,
): void {
  print(`${file}: ${rows} rows, ${files} files.`);
  if (settings.attachments.place.kind === "bucket")
    print("Files are in a bucket, which this backup does not hold. Keep the bucket.");
  print("It holds what people said, and keys: keep it as safe as the database.");
  print("Keep .env and the configuration file, too. They are not in it.");
}

function fileReader({ attachments: { place } }: Settings) {
  if (place.kind === "bucket") return null;
  const store = createFileDirectory(place.path);
  return (id: string) => readWhole(store, id);
}

async function secretsIn({ dataDir }: Settings): Promise<{ name: string; content: string }[]> {
  const found = await Promise.all(
    KEPT_SECRETS.map(async (name) => ({
      name,
      content: await readFile(join(dataDir, name), "utf8").catch(() => null),
    })),
  );
  return found.flatMap(({ name, content }) => (content === null ? [] : [{ name, content }]));
}
