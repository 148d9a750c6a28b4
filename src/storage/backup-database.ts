import type pg from "pg";
import type { Logger } from "../core/process/logger.ts";
import { type BackupLine, BackupProblem } from "./backup-lines.ts";
import { openPool } from "./database.ts";
import { applyMigrations, migrateTo } from "./migrate.ts";
import { appliedMigrations } from "./migration-record.ts";
import {
  occupiedTables,
  readRows,
  readSequences,
  setSequence,
  switchTriggers,
  type Table,
  tablesInOrder,
  writeRows,
} from "./table-rows.ts";
import { inTransaction, inTransactionOnce } from "./transaction.ts";

/** Reads a file that the rows name; null if it is gone, or is not here. */
type ReadFile = (id: string) => Promise<Buffer | null>;

export interface BackedUp {
  rows: number;
  files: number;
}

/**
 * The lines of a backup of a database in use. All rows are from one moment. Files are read after them. So a file that
 * was erased meanwhile is missing, although its row is there.
 */
export async function* backupLines(options: {
  url: string;
  release: string;
  secrets: readonly { name: string; content: string }[];
  readFile: ReadFile | null;
  log: Logger;
  done(counts: BackedUp): void;
}): AsyncGenerator<BackupLine> {
  const pool = openPool({ url: options.url, maxConnections: 1, patient: true, log: options.log });
  const client = await pool.connect();
  const counts = { rows: 0, files: 0 };
  try {
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    const at = new Date().toISOString();
    const migrations = await appliedMigrations(client);
    const migration = migrations.at(-1) ?? "";
    yield { causeway_backup: 1, release: options.release, migration, migrations, at };
    for (const table of await tablesInOrder(client)) {
      for await (const rows of readRows(client, table)) {
        counts.rows += rows.length;
        yield { table: table.name, rows: `[${rows.join(",")}]`, count: rows.length };
      }
    }
    for (const { name, ...state } of await readSequences(client)) yield { sequence: name, ...state };
    const ids = options.readFile === null ? [] : await storedFiles(client);
    await client.query("COMMIT");
    for (const id of ids) {
      const content = await options.readFile?.(id);
      if (!content) continue;
      counts.files += 1;
      yield { file: id, content: content.toString("base64") };
    }
    for (const { name, content } of options.secrets) yield { secret: name, content };
    yield { end: counts };
    options.done(counts);
  } finally {
    // Closing ends the transaction, also if the file could not be written.
    client.release(true);
    await pool.end();
  }
}

export type RestoreResult =
  /** `unfinished`: rows and files are there, but a later step failed. */
  | ({ kind: "restored"; unfinished: unknown } & BackedUp)
  /** The database has rows already. */
  | { kind: "occupied"; tables: string[] }
  /** The database has no rows, but the tables of a later release. */
  | { kind: "ahead"; release: string }
  /** A newer release made it. */
  | { kind: "newer"; release: string };

/**
 * Puts a backup into an empty database, in one transaction or not at all. The tables get the form that they had in the
 * backup, and then that of this release.
 */
export async function restoreLines(options: {
  url: string;
  lines: AsyncIterable<BackupLine>;
  writeFile(id: string, content: Buffer): Promise<void>;
  /** Called after the commit, because a secret of a failed restore would stay. */
  writeSecret(name: string, content: string): void;
  /** The folder of migrations. Default: that of this release. */
  migrations?: string;
  log: Logger;
}): Promise<RestoreResult> {
  const { log, lines, migrations } = options;
  const pool = openPool({ url: options.url, maxConnections: 2, patient: true, log });
  const iterator = lines[Symbol.asyncIterator]();
  try {
    const head = (await iterator.next()).value;
    if (head === undefined || !("causeway_backup" in head)) throw new BackupProblem();
    const occupied = await rowsIn(pool);
    if (occupied.length > 0) return { kind: "occupied", tables: occupied };
    const wanted = head.migrations ?? { upTo: head.migration };
    const reached = await migrateTo(pool, log, wanted, migrations);
    if (reached !== "done") return { kind: reached === "ahead" ? "ahead" : "newer", release: head.release };
    const secrets = new Map<string, string>();
    const result = await inTransactionOnce(pool, (client) =>
      load(client, iterator, { writeFile: options.writeFile, secrets }),
    );
    if (result.kind !== "restored") return result;
    try {
      for (const [name, content] of secrets) options.writeSecret(name, content);
      await applyMigrations(pool, log, migrations);
      return result;
    } catch (unfinished) {
      return { ...result, unfinished };
    }
  } finally {
    await iterator.return?.();
    await pool.end();
  }
}

/** The tables with rows, before anything changes in the database. It may have no tables yet. */
function rowsIn(pool: pg.Pool): Promise<string[]> {
  return inTransaction(pool, async (client) => occupiedTables(client, await tablesInOrder(client)));
}

async function load(
  client: pg.PoolClient,
  iterator: AsyncIterator<BackupLine>,
  options: Pick<Parameters<typeof restoreLines>[0], "writeFile"> & { secrets: Map<string, string> },
): Promise<RestoreResult> {
  const tables = await tablesInOrder(client);
  const occupied = await occupiedTables(client, tables);
  if (occupied.length > 0) return { kind: "occupied", tables: occupied };
  for (const table of tables) await switchTriggers(client, table, "DISABLE");
  const counts = { rows: 0, files: 0 };
  let end: BackedUp | null = null;
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
    const line = next.value;
    if ("table" in line) {
      await writeRows(client, tableNamed(tables, line.table), line.rows);
      counts.rows += line.count;
    } else if ("sequence" in line) await setSequence(client, { ...line, name: line.sequence });
    else if ("file" in line) {
      await options.writeFile(line.file, Buffer.from(line.content, "base64"));
      counts.files += 1;
    } else if ("secret" in line) options.secrets.set(line.secret, line.content);
    else if ("end" in line) end = line.end;
  }
  if (end === null || end.rows !== counts.rows || end.files !== counts.files) throw new BackupProblem();
  for (const table of tables) await switchTriggers(client, table, "ENABLE");
  return { kind: "restored", unfinished: null, ...counts };
}

function tableNamed(tables: readonly Table[], name: string): Table {
  const found = tables.find((table) => table.name === name);
  if (!found) throw new BackupProblem();
  return found;
}

async function storedFiles(client: pg.ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(
    "SELECT id FROM attachments WHERE state = 'stored' ORDER BY id",
  );
  return rows.map(({ id }) => id);
}
