import pg from "pg";
import { describe, expect, it } from "vitest";
import { createTestDatabase } from "../support/postgres.ts";
import { type Column, describeStatement } from "../support/statements/describe-statement.ts";
import type { RowType } from "../support/statements/row-types.ts";
import { findStatements, type Statement } from "../support/statements/sql-statements.ts";
import { parseFile, parseSources } from "../support/statements/syntax.ts";

/** Files that run SQL from elsewhere, which no test can know before it runs. */
const RUNS_OTHERS = {
  "queue/bullmq-connection.ts": "statements of BullMQ",
  "queue/shared-listener.ts": "statements of BullMQ",
  "storage/database.ts": "settings of each connection",
  "storage/migrate.ts": "migrations, which are tested on their own",
  "storage/prisma-client.ts": "statements of Prisma",
  "storage/table-rows.ts": "copies of every table that a database has",
};

/** The types of columns that `pg` reads as a type of the program. It reads int8 and numeric as texts. */
const READ_AS: Readonly<Record<string, readonly number[]>> = {
  string: [20, 25, 18, 19, 1042, 1043, 1700, 2950],
  number: [21, 23, 26, 700, 701],
  boolean: [16],
  Date: [1082, 1114, 1184],
  Buffer: [17],
};

describe("the SQL of the service", () => {
  const found = findStatements(parseSources());

  it("is known before it runs, except in files that run SQL from elsewhere", () => {
    const others = [...found.unknown].flatMap(([file, reasons]) => (file in RUNS_OTHERS ? [] : reasons));
    expect(others).toEqual([]);
    expect(Object.keys(RUNS_OTHERS).filter((file) => !found.unknown.has(file))).toEqual([]);
  });

  it("appears only in repositories, and in the folders of the database and the queue", () => {
    const elsewhere = found.statements.filter(
      ({ place }) => !/^src\/(storage|queue)\/|-(repository|store)\.ts:/.test(place),
    );
    expect(elsewhere.map(({ place }) => place)).toEqual([]);
  });

  it("has a declared type for the rows it returns", () => {
    expect(found.untyped).toEqual([]);
  });

  it("fits the migrated schema, and returns the columns that the program declares", async () => {
    await using database = await createTestDatabase();
    const client = new pg.Client(database.url);
    await client.connect();
    const problems: string[] = [];
    for (const statement of found.statements)
      problems.push(...problemsOf(statement, await describeStatement(client, statement.text)));
    await client.end();
    expect(problems).toEqual([]);
  });
});

function problemsOf({ place, text, row }: Statement, described: Column[] | Error): string[] {
  if (described instanceof Error) return [`${place} ${described.message}\n${text}`];
  if (row === null) return [];
  return differences(row, described).map((difference) => `${place} ${difference}`);
}

function differences(row: RowType, columns: readonly Column[]): string[] {
  return [...row].flatMap(([name, type]) => {
    const column = columns.find((one) => one.name === name);
    if (column === undefined) return [`the statement gives no column ${name}`];
    const fits = type === null || READ_AS[type]?.includes(column.dataTypeID);
    return fits ? [] : [`the column ${name} has type ${column.dataTypeID}, which is no ${type}`];
  });
}

describe("the reader of statements", () => {
  const statementsOf = (source: string) => findStatements(new Map([["a.ts", parseFile("a.ts", source)]]));
  const textsOf = (source: string) => statementsOf(source).statements.map(({ text }) => text);

  it.each([
    [
      "a constant in a template",
      `const T = "users"; pool.query(\`SELECT 1 FROM \${T}\`);`,
      ["SELECT 1 FROM users"],
    ],
    [
      "both branches of a condition, with the same choice everywhere",
      `pool.query(\`SELECT \${a ? "x" : "y"} FROM \${a ? "t" : "u"}\`);`,
      ["SELECT x FROM t", "SELECT y FROM u"],
    ],
    [
      "the statement of each call of a function",
      `const find = (w) => pool.query(\`SELECT 1 WHERE \${w}\`); find("a"); find("b");`,
      ["SELECT 1 WHERE a", "SELECT 1 WHERE b"],
    ],
    [
      "a list that conditions fill, with the numbers of its parameters",
      `function f(x) { const p = ["a = $1"]; if (x) p.push(\`b = $\${v.push(x)}\`); pool.query(p.join(" AND ")); }`,
      ["a = $1 AND b = $2"],
    ],
    ["the text of a prepared statement", 'pool.query({ name: "n", text: "SELECT 2" });', ["SELECT 2"]],
  ])("knows %s", (_, source, texts) => {
    expect(textsOf(source)).toEqual(texts);
  });

  it("reports a statement that is known only at run time", () => {
    expect([...statementsOf("\npool.query(request.body);").unknown]).toEqual([
      ["a.ts", ["src/a.ts:2: src/a.ts:2: Identifier depends on what happens at run time"]],
    ]);
  });

  it("reads the columns of a row from its declaration", () => {
    const source =
      'interface A { id: string; at: Date | null } pool.query<Omit<A, "id"> & { n: number }>("SELECT 1");';
    expect([...(statementsOf(source).statements[0]?.row ?? [])]).toEqual([
      ["at", "Date"],
      ["n", "number"],
    ]);
  });
});
