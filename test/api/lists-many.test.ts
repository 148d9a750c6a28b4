import type pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { newId } from "../../src/core/ids.ts";
import { createDeliveryQueries } from "../../src/delivery/delivery-queries-repository.ts";
import { createExecutionQueriesRepository } from "../../src/turns/answering/execution-queries-repository.ts";
import { createUserRepository } from "../../src/users/user-repository.ts";
import { createTestDatabase, type TestDatabase, testPool } from "../support/postgres.ts";
import { addConversation } from "./api-rows.ts";

const MANY = 30_000;
const PAGE = { limit: 20, offset: 0, after: null };

let database: TestDatabase;
let pool: pg.Pool;
const workspace = { id: newId(), slug: "default" };

/** Many rows of everything that succeeded, and one old row of each kind that failed. */
beforeAll(async () => {
  database = await createTestDatabase();
  pool = testPool(database.url);
  await pool.query("INSERT INTO workspaces (id, slug) VALUES ($1, $2)", [workspace.id, workspace.slug]);
  const { executionId, deliveryId, userId } = await addConversation(pool, workspace);
  const copies = (table: string, id: string, columns: string, values: string) =>
    pool.query(
      `INSERT INTO ${table} (id, workspace_id, ${columns})
       SELECT lpad(n::text, 27, '0'), workspace_id, ${values} FROM ${table}, generate_series(1, $2::int) n WHERE id = $1`,
      [id, MANY],
    );
  await copies("executions", executionId, "session_id, seq, status", "session_id, seq + n, 'completed'");
  await copies(
    "deliveries",
    deliveryId,
    "channel_id, session_id, message_id, address, content, status, next_attempt_at",
    "channel_id, session_id, message_id, address, content, 'sent', NULL",
  );
  await copies("users", userId, "channel_id, identifier", "channel_id, 'person-' || n");
  const longAgo = "created_at = now() - interval '1 year'";
  await pool.query(`UPDATE executions SET status = 'failed', ${longAgo} WHERE id = $1`, [executionId]);
  await pool.query(`UPDATE deliveries SET status = 'unknown', ${longAgo} WHERE id = $1`, [deliveryId]);
  await pool.query("VACUUM (ANALYZE) executions, deliveries, users");
});
afterAll(async () => {
  await pool.end();
  await database[Symbol.asyncDispose]();
});

interface Plan {
  "Actual Rows": number;
  "Rows Removed by Filter"?: number;
  Plans?: Plan[];
}

const looked = ({ "Actual Rows": rows, "Rows Removed by Filter": removed = 0, Plans = [] }: Plan): number =>
  rows + removed + Plans.reduce((sum, plan) => sum + looked(plan), 0);

/** Runs a query through a pool that counts the rows its statements read. */
async function rowsRead<T>(run: (counting: pg.Pool) => Promise<T>): Promise<{ found: T; rows: number }> {
  let rows = 0;
  const counting = new Proxy(pool, {
    get(target, name) {
      if (name !== "query") return Reflect.get(target, name);
      return async (text: string, values: unknown[]) => {
        if (!text.startsWith("EXPLAIN")) {
          const explained = await target.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, values);
          rows += looked(explained.rows[0]["QUERY PLAN"][0].Plan);
        }
        return target.query(text, values);
      };
    },
  });
  return { found: await run(counting), rows };
}

it("the only failed execution is found without reading the others", async () => {
  const { found, rows } = await rowsRead((counting) =>
    createExecutionQueriesRepository(counting).list(workspace.id, { status: "failed" }, PAGE),
  );
  expect(found).toMatchObject({ rows: [{ status: "failed" }], total: 1 });
  expect(rows).toBeLessThan(50);
});

it("the only delivery in trouble is found without reading those that arrived", async () => {
  const { found, rows } = await rowsRead((counting) =>
    createDeliveryQueries(counting).list(workspace.id, { status: "unknown" }, PAGE),
  );
  expect(found).toMatchObject({ rows: [{ status: "unknown" }], total: 1 });
  expect(rows).toBeLessThan(50);
});

it.each([
  ["users", (on: pg.Pool) => createUserRepository(on).list(workspace.id, {}, PAGE)],
  ["deliveries", (on: pg.Pool) => createDeliveryQueries(on).list(workspace.id, {}, PAGE)],
] as const)("a page of %s does not count all of them", async (_what, list) => {
  const { found, rows } = await rowsRead<{ rows: unknown[]; total: number }>(list);
  expect(found.rows).toHaveLength(20);
  expect(Math.abs(found.total - MANY)).toBeLessThan(MANY / 10);
  expect(rows).toBeLessThan(500);
});
