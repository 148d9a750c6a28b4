import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { createFileBucket } from "../../attachments/file-bucket.ts";
import { createFileDirectory } from "../../attachments/file-directory.ts";
import type { Environment } from "../../config/env.ts";
import { writeMissingSecret } from "../../config/secret-file.ts";
import { parseSettings, type Settings } from "../../config/settings.ts";
import { explainStart } from "../../core/faults/start-fault.ts";
import { createLogger } from "../../observability/logger.ts";
import { createRedactor } from "../../observability/redaction.ts";
import { type RestoreResult, restoreLines } from "../../storage/backup-database.ts";
import { BackupProblem, readBackup } from "../../storage/backup-lines.ts";
import { KEPT_SECRETS } from "./backup.ts";
import { openForRestore } from "./database-place.ts";

export interface RestoreCommand {
  env: Environment;
  /** Base directory of relative paths. */
  directory: string;
  file: string;
  print(line: string): void;
}

/** `causeway restore`: puts a backup into an empty database. False if something is left to do. */
export async function restore({ env, directory, file, print }: RestoreCommand): Promise<boolean> {
  const path = resolve(directory, file);
  if (!existsSync(path)) {
    print(`There is no file ${file}.`);
    return false;
  }
  const { settings } = parseSettings(env, directory);
  const log = createLogger({ level: "warn", redactor: createRedactor([settings.databaseUrl ?? ""]) });
  const files = countedFiles(settings);
  try {
    // The whole file is read first: a damaged one changes nothing, and makes no database.
    for await (const _ of readBackup(path));
    const database = await openForRestore(settings, log);
    try {
      const result = await restoreLines({
        url: database.url,
        lines: readBackup(path),
        writeFile: files.write,
        writeSecret(name, content) {
          if (KEPT_SECRETS.includes(name)) writeMissingSecret(settings.dataDir, name, content);
        },
        log,
      });
      return report(result, { file, settings, print });
    } finally {
      await database.close();
    }
  } catch (error) {
    const fault =
      error instanceof BackupProblem ? new Error(`${file} ${error.message}.`) : explainStart(error, settings);
    if (!(fault instanceof Error)) throw fault;
    print(fault.message);
    print(
      files.written() === 0
        ? "Nothing was restored."
        : `No row was restored. ${files.written()} files were written. They do no harm: the next restore replaces them.`,
    );
    return false;
  }
}

function report(
  result: RestoreResult,
  { file, settings, print }: Pick<RestoreCommand, "file" | "print"> & { settings: Settings },
): boolean {
  switch (result.kind) {
    case "occupied":
      print(`The database has rows already (${result.tables.join(", ")}). A backup replaces nothing.`);
      print("Restore into an empty CAUSEWAY_DATA_DIR, or into an empty database.");
      return false;
    case "newer":
      print(
        `${file} was written by release ${result.release}, which is newer than this one. Install that one.`,
      );
      return false;
    case "ahead":
      print(`The database has no rows, but the tables of a later release than ${result.release}.`);
      print(
        settings.databaseUrl === null
          ? `Remove ${join(settings.dataDir, "postgres")}, and restore again.`
          : "Give an empty database without tables, and restore again.",
      );
      return false;
    case "restored":
      print(`${result.rows} rows and ${result.files} files were restored from ${file}.`);
      if (result.files === 0)
        print(
          "The backup contains no files. If there were any, give the service the directory or bucket that has them.",
        );
      if (result.unfinished !== null) return reportUnfinished(result.unfinished, { settings, print });
      print("Now start the service. It queues the unfinished work again.");
      return true;
  }
}

/** Rows and files are there, so the command says what is left to do. */
function reportUnfinished(
  unfinished: unknown,
  { settings, print }: Pick<RestoreCommand, "print"> & { settings: Settings },
): false {
  const fault = explainStart(unfinished, settings);
  print(fault instanceof Error ? fault.message : String(fault));
  print("The rows and files are whole, but the last step failed. Do not restore again.");
  print("Fix the cause and start the service: the start does the rest. Or start the release of the backup.");
  return false;
}

/** Writes files to the place where the service reads them. The row of a file has its content type. */
function countedFiles({ attachments: { place } }: Settings) {
  const store = place.kind === "directory" ? createFileDirectory(place.path) : createFileBucket(place);
  let count = 0;
  return {
    async write(id: string, content: Buffer): Promise<void> {
      await store.write(id, content, "application/octet-stream");
      count += 1;
    },
    written: () => count,
  };
}
