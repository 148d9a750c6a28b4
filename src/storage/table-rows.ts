import type pg from "pg";

/** Rows that are read or written at one time. They bound the memory of a copy. */
const ROWS = 500;

/** A table of ours: its columns that can be written, and the tables that its keys refer to. */
export interface Table {
  name: string;
  columns: string[];
  refersTo: string[];
}

/** The state of a sequence. The value is text, because JavaScript would round large numbers. */
export interface Sequence {
  name: string;
  last: string;
  isCalled: boolean;
}

/** All tables, each behind those that its keys refer to. */
export async function tablesInOrder(client: pg.ClientBase): Promise<Table[]> {
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
  return inOrder(rows);
}

/** The names of the tables that have rows. */
export async function occupiedTables(client: pg.ClientBase, tables: readonly Table[]): Promise<string[]> {
  const occupied: string[] = [];
  for (const { name } of tables) {
    const { rowCount } = await client.query(`SELECT 1 FROM "${name}" LIMIT 1`);
    if (rowCount !== 0) occupied.push(name);
  }
  return occupied;
}

/** The rows of a table as JSON texts, in groups. JavaScript would round large numbers, so nothing parses them. */
export async function* readRows(client: pg.ClientBase, table: Table): AsyncGenerator<string[]> {
  await client.query(
    `DECLARE rows_to_copy NO SCROLL CURSOR FOR SELECT to_jsonb(t)::text AS row FROM "${table.name}" t`,
  );
  for (;;) {
    const { rows } = await client.query<{ row: string }>(`FETCH ${ROWS} FROM rows_to_copy`);
    if (rows.length === 0) break;
    yield rows.map(({ row }) => row);
  }
  await client.query("CLOSE rows_to_copy");
}

/** Writes rows that `readRows` has read. `rows` is the text of a JSON array. */
export async function writeRows(client: pg.ClientBase, table: Table, rows: string): Promise<void> {
  const columns = table.columns.map((column) => `"${column}"`).join(", ");
  await client.query(
    `INSERT INTO "${table.name}" (${columns}) OVERRIDING SYSTEM VALUE
     SELECT ${columns} FROM jsonb_populate_recordset(NULL::"${table.name}", $1::jsonb)`,
    [rows],
  );
}

/** Switches our triggers. They fire rules and notify desks, and the copied rows already have their results. */
export async function switchTriggers(
  client: pg.ClientBase,
  { name }: Table,
  to: "ENABLE" | "DISABLE",
): Promise<void> {
  await client.query(`ALTER TABLE "${name}" ${to} TRIGGER USER`);
}

export async function readSequences(client: pg.ClientBase): Promise<Sequence[]> {
  const { rows: known } = await client.query<{ name: string }>(
    "SELECT sequencename AS name FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1",
  );
  const sequences: Sequence[] = [];
  for (const { name } of known) {
    const { rows } = await client.query<Omit<Sequence, "name">>(
      `SELECT last_value::text AS last, is_called AS "isCalled" FROM "${name}"`,
    );
    for (const state of rows) sequences.push({ name, ...state });
  }
  return sequences;
}

/** New rows must not get numbers that old ones have. */
export async function setSequence(client: pg.ClientBase, { name, last, isCalled }: Sequence): Promise<void> {
  await client.query("SELECT setval($1::regclass, $2, $3)", [`"${name}"`, last, isCalled]);
}

export async function countRows(client: pg.ClientBase, table: string): Promise<number> {
  const { rows } = await client.query<{ count: number }>(`SELECT count(*)::int AS count FROM "${table}"`);
  return rows[0]?.count ?? 0;
}

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
