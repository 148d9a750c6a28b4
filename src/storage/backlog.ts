import type { Pool } from "pg";

/** Counts what waits. Each count reads a partial index over just those rows, so it costs what waits, not what there is. */
const COUNT = `
  SELECT (SELECT count(*)::int FROM sessions WHERE inbound_seq > answered_seq) AS sessions,
    (SELECT count(*)::int FROM deliveries WHERE status = 'queued')
      + (SELECT count(*)::int FROM deliveries WHERE status = 'sending') AS deliveries,
    (SELECT count(*)::int FROM deliveries WHERE status = 'unknown') AS unknown`;

/** How many sessions and deliveries wait, and how many deliveries are of unknown fate, in all workspaces. */
export async function countBacklog(
  pool: Pool,
): Promise<{ waitingSessions: number; waitingDeliveries: number; unknownDeliveries: number }> {
  const { rows } = await pool.query<{ sessions: number; deliveries: number; unknown: number }>(COUNT);
  const [found] = rows;
  return {
    waitingSessions: found?.sessions ?? 0,
    waitingDeliveries: found?.deliveries ?? 0,
    unknownDeliveries: found?.unknown ?? 0,
  };
}
