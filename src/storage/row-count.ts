import type { Pool } from "pg";

/** Up to here rows are counted; beyond, the planner's estimate has to do: counting a million would cost every page. */
const COUNTED = 10_000;
/** An estimate so far beyond what is counted that nothing would come of counting. */
const SURELY_MORE = 20_000;

/** Rows that a list has in all its pages: exact up to 10,000, an estimate beyond. Costs the same for any table. */
export async function countRows(
  pool: Pool,
  from: string,
  where: string,
  values: readonly unknown[],
): Promise<number> {
  const estimate = await estimateRows(pool, from, where, values);
  if (estimate >= SURELY_MORE) return estimate;
  const { rows } = await pool.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM (SELECT 1 FROM ${from} WHERE ${where} LIMIT ${COUNTED + 1}) counted`,
    [...values],
  );
  const count = rows[0]?.count ?? 0;
  return count <= COUNTED ? count : Math.max(count, estimate);
}

/** What the planner thinks will match, from the statistics of the last ANALYZE. */
export async function estimateRows(
  pool: Pool,
  from: string,
  where: string,
  values: readonly unknown[],
): Promise<number> {
  const { rows } = await pool.query<{ "QUERY PLAN": [{ Plan: { "Plan Rows": number } }] }>(
    `EXPLAIN (FORMAT JSON) SELECT 1 FROM ${from} WHERE ${where}`,
    [...values],
  );
  return Math.round(rows[0]?.["QUERY PLAN"][0].Plan["Plan Rows"] ?? 0);
}
