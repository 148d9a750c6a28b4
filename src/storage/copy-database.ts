import type pg from "pg";
import type { Logger } from "../core/process/logger.ts";
import { openPool } from "./database.ts";
import { inTransaction } from "./transaction.ts";

/** Rows in one statement. They bound the memory of a copy. */
const ROWS = 500;

/** A table of ours: its columns that can be written, and the tables that its keys refer to. */
interface Table {
  name: string;
  columns: string[];
  refersTo: string[];
}

/** The number of copied rows of each table; or the tables of the target that already have rows. */
export type CopyResult = { copied: Map<string, number> } | { occupied: string[] };

/**
 * Copies all rows of one database into another one. Both must have the newest migration, and nothing may write to either.
 * The target gets everything in one transaction, or nothing. Its owner may run it: no right of a superuser is needed.
 */
export async function copyDatabase(options: { from: string; to: string; log: Logger }): Promise<CopyResult> {
  const { from, to, log } = options;
  const source = openPool({ url: from, maxConnections: 1, patient: true, log });
  const target = openPool({ url: to, maxConnections: 1, patient: true, log });
  try {
    return await inTransaction(source, (reader) => inTransaction(target, (writer) => copy(reader, writer)));
  } finally {
    await Promise.all([source.end(), target.end()]);
  }
}

async function copy(reader: pg.PoolClient, writer: pg.PoolClient): Promise<CopyResult> {
  const tables = inOrder(await tablesOf(writer));
  const occupied: string[] = [];
  for (const { name } of tables) {
    const { rowCount } = await writer.query(`SELECT 1 FROM "${name}" LIMIT 1`);
    if (rowCount !== 0) occupied.push(name);
  }
  if (occupied.length > 0) return { occupied };
  const copied = new Map<string, number>();
  for (const table of tables) {
    // Triggers of ours fire rules and tell desks. What they did is copied as rows.
    await writer.query(`ALTER TABLE "${table.name}" DISABLE TRIGGER USER`);
    copied.set(table.name, await copyRows(reader, writer, table));
    await writer.query(`ALTER TABLE "${table.name}" ENABLE TRIGGER USER`);
  }
  await copySequences(reader, writer);
  for (const [name, rows] of copied) await compare(reader, writer, name, rows);
  return { copied };
}

async function copyRows(reader: pg.PoolClient, writer: pg.PoolClient, table: Table): Promise<number> {
  const columns = table.columns.map((column) => `"${column}"`).join(", ");
  const insert = `INSERT INTO "${table.name}" (${columns}) OVERRIDING SYSTEM VALUE
    SELECT ${columns} FROM jsonb_populate_recordset(NULL::"${table.name}", $1::jsonb)`;
  // As text, because JavaScript would round large numbers.
  await reader.query(
    `DECLARE rows_to_copy NO SCROLL CURSOR FOR SELECT to_jsonb(t)::text AS row FROM "${table.name}" t`,
  );
  let copied = 0;
  for (;;) {
    const { rows } = await reader.query<{ row: string }>(`FETCH ${ROWS} FROM rows_to_copy`);
    if (rows.length === 0) break;
    await writer.query(insert, [`[${rows.map(({ row }) => row).join(",")}]`]);
    copied += rows.length;
  }
  await reader.query("CLOSE rows_to_copy");
  return copied;
}

/** New rows must not get numbers that old ones have. */
async function copySequences(reader: pg.PoolClient, writer: pg.PoolClient): Promise<void> {
  const { rows } = await writer.query<{ name: string }>(
    "SELECT sequencename AS name FROM pg_sequences WHERE schemaname = 'public'",
  );
  for (const { name } of rows) {
    const state = await reader.query<{ last_value: string; is_called: boolean }>(
      `SELECT last_value, is_called FROM "${name}"`,
    );
    const { last_value: last, is_called: isCalled } = state.rows[0] ?? { last_value: "1", is_called: false };
    await writer.query("SELECT setval($1::regclass, $2, $3)", [`"${name}"`, last, isCalled]);
  }
}

/** Throws if the two databases do not have the same number of rows. */
async function compare(
  reader: pg.PoolClient,
  writer: pg.PoolClient,
  name: string,
  copied: number,
): Promise<void> {
  const count = `SELECT count(*)::int AS count FROM "${name}"`;
  const [before, after] = [
    await reader.query<{ count: number }>(count),
    await writer.query<{ count: number }>(count),
  ].map(({ rows }) => rows[0]?.count);
  if (before !== copied || after !== copied) {
    throw new Error(`the table ${name} has ${before} rows, ${copied} were copied, and ${after} arrived`);
  }
}

async function tablesOf(client: pg.PoolClient): Promise<Table[]> {
  const { rows } = await client.query<Table>(
    `SELECT c.relname AS name,
       (SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns,
       coalesce((SELECT array_agg(DISTINCT r.relname::text) FROM pg_constraint f JOIN pg_class r ON r.oid = f.confrelid
        WHERE f.conrelid = c.oid AND f.contype = 'f' AND f.confrelid <> c.oid), '{}') AS "refersTo"
     FROM pg_class c
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> '_prisma_migrations'
     ORDER BY c.relname`,
  );
  return rows;
}

/** Tables behind those that their keys refer to. */
function inOrder(tables: readonly Table[]): Table[] {
  const ordered: Table[] = [];
  let left = [...tables];
  while (left.length > 0) {
    const waiting = new Set(left.map(({ name }) => name));
    const free = left.filter(({ refersTo }) => !refersTo.some((name) => waiting.has(name)));
    if (free.length === 0) throw new Error(`the keys of ${[...waiting].join(", ")} go in a circle`);
    ordered.push(...free);
    left = left.filter((table) => !free.includes(table));
  }
  return ordered;
}
