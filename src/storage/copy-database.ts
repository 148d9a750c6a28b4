import type pg from "pg";
import type { Logger } from "../core/process/logger.ts";
import { openPool } from "./database.ts";
import {
  countRows,
  occupiedTables,
  readRows,
  readSequences,
  setSequence,
  switchTriggers,
  type Table,
  tablesInOrder,
  writeRows,
} from "./table-rows.ts";
import { inTransaction } from "./transaction.ts";

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
  const tables = await tablesInOrder(writer);
  const occupied = await occupiedTables(writer, tables);
  if (occupied.length > 0) return { occupied };
  const copied = new Map<string, number>();
  for (const table of tables) {
    await switchTriggers(writer, table, "DISABLE");
    copied.set(table.name, await copyRows(reader, writer, table));
    await switchTriggers(writer, table, "ENABLE");
  }
  for (const sequence of await readSequences(reader)) await setSequence(writer, sequence);
  for (const [name, rows] of copied) await compare(reader, writer, name, rows);
  return { copied };
}

async function copyRows(reader: pg.PoolClient, writer: pg.PoolClient, table: Table): Promise<number> {
  let copied = 0;
  for await (const rows of readRows(reader, table)) {
    await writeRows(writer, table, `[${rows.join(",")}]`);
    copied += rows.length;
  }
  return copied;
}

/** Throws if the two databases do not have the same number of rows. */
async function compare(
  reader: pg.PoolClient,
  writer: pg.PoolClient,
  name: string,
  copied: number,
): Promise<void> {
  const [before, after] = [await countRows(reader, name), await countRows(writer, name)];
  if (before !== copied || after !== copied) {
    throw new Error(`the table ${name} has ${before} rows, ${copied} were copied, and ${after} arrived`);
  }
}
