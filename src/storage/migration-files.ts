import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packageFile } from "../core/process/package-file.ts";

/** The migrations of this release. */
export const MIGRATIONS_DIRECTORY = packageFile("prisma/migrations/");

/** One file of a migrations directory. */
export interface Migration {
  name: string;
  sql: string;
  checksum: string;
}

let released: Migration[] | null = null;

/** The migrations of a directory, the oldest first. Reads those of this release once: a start looks at them three times. */
export function readMigrations(directory: string): Migration[] {
  if (directory !== MIGRATIONS_DIRECTORY) return readAll(directory);
  released ??= readAll(directory);
  return released;
}

/** Reads synchronously, because nothing is served yet. So many small reads take three times as long otherwise. */
function readAll(directory: string): Migration[] {
  const entries = readdirSync(directory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return names.sort().map((name) => {
    const sql = readFileSync(join(directory, name, "migration.sql"), "utf8");
    return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
  });
}
