import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createFileBucket } from "../../attachments/file-bucket.ts";
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
  /** Files are kept in another way, such as by the bucket that has them. */
  withoutFiles: boolean;
  print(line: string): void;
}

/** Secrets that an installation generates. The password of the embedded database belongs to its files. */
export const KEPT_SECRETS = ["api-key"];

/** `causeway backup`: writes the database and its files to one file, while the service runs. False if it did not. */
export async function backUp(command: BackupCommand): Promise<boolean> {
  const { env, directory, file, print } = command;
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
      print(
        `There is no embedded database in ${settings.dataDir}. Run this in the directory in which the service was started.`,
      );
      return false;
    }
    try {
      let counts: BackedUp = { rows: 0, files: 0 };
      const lines = backupLines({
        url: database.url,
        release: command.release,
        secrets: await secretsIn(settings),
        readFile: command.withoutFiles ? null : fileReader(settings),
        log,
        done(result) {
          counts = result;
        },
      });
      await writeBackup(path, lines);
      report(command, counts);
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

function report({ file, print, withoutFiles }: BackupCommand, { rows, files }: BackedUp): void {
  print(`${file}: ${rows} rows, ${withoutFiles ? "without files" : `${files} files`}.`);
  if (withoutFiles) print("Keep the directory or bucket that has the files, too.");
  print("It contains messages of people, and keys: protect it like the database.");
  print("Keep .env and the configuration file, too. They are not in it.");
}

function fileReader({ attachments: { place } }: Settings) {
  const store = place.kind === "directory" ? createFileDirectory(place.path) : createFileBucket(place);
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
