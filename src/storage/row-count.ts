import type { Pool } from "pg";

/**
 * Counts rows exactly up to this number. Beyond it the planner's estimate is used, because each page would pay for
 * counting a million rows.
 */
const EXACT_LIMIT = 10_000;
/** From this estimate on, the exact count is skipped: the result would exceed the limit anyway. */
const ESTIMATE_ONLY_FROM = 20_000;

/**
 * Number of rows on all pages of a list: exact up to 10,000, an estimate beyond. The cost is the same for any table
 * size.
 */
export async function countRows(
  pool: Pool,
  from: string,
  where: string,
  values: readonly unknown[],
): Promise<number> {
  const estimate = await estimateRows(pool, from, where, values);
  if (estimate >= ESTIMATE_ONLY_FROM) return estimate;
  const { rows } = await pool.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM (SELECT 1 FROM ${from} WHERE ${where} LIMIT ${EXACT_LIMIT + 1}) counted`,
    [...values],
  );
  const count = rows[0]?.count ?? 0;
  return count <= EXACT_LIMIT ? count : Math.max(count, estimate);
}

/** The planner's estimate of matching rows, from the statistics of the last ANALYZE. */
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
