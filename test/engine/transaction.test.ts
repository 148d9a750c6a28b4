import type pg from "pg";
import { expect, test } from "vitest";
import { inTransaction } from "../../src/storage/transaction.ts";
import { createTestDatabase, testPool } from "../support/postgres.ts";

test("two transactions that lock rows in opposite orders both commit, each once", async () => {
  await using database = await createTestDatabase({ empty: true });
  const pool = testPool(database.url, 2);
  try {
    await pool.query("CREATE TABLE counters (id int PRIMARY KEY, count int NOT NULL)");
    await pool.query("INSERT INTO counters VALUES (1, 0), (2, 0)");
    let attempts = 0;
    let locked = 0;
    let bothLocked = () => {};
    const both = new Promise<void>((resolve) => {
      bothLocked = resolve;
    });
    const count = (client: pg.PoolClient, id: number) =>
      client.query("UPDATE counters SET count = count + 1 WHERE id = $1", [id]);
    const move = (first: number, second: number) =>
      inTransaction(pool, async (client) => {
        attempts += 1;
        await count(client, first);
        locked += 1;
        if (locked === 2) bothLocked();
        await both;
        await count(client, second);
      });

    await Promise.all([move(1, 2), move(2, 1)]);
    const { rows } = await pool.query("SELECT count FROM counters ORDER BY id");
    expect(rows).toEqual([{ count: 2 }, { count: 2 }]);
    expect(attempts).toBeGreaterThan(2);
  } finally {
    await pool.end();
  }
});
