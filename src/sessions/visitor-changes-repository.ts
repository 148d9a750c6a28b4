import type { Pool } from "pg";

/**
 * A text for each visitor that changes with every change in their sessions: new sessions, messages, states and read
 * marks. Postgres marks every row with the id of the transaction that wrote it. The sum of these ids, unlike the newest
 * one, also changes for a transaction that was committed late.
 */
const CHANGES = `
  SELECT s.user_id, count(*) || ' ' || sum(s.xmin::text::bigint) || ' ' || coalesce(sum(r.xmin::text::bigint), 0) AS stamp
  FROM sessions s LEFT JOIN session_reads r ON r.session_id = s.id
  WHERE s.user_id = ANY($1) GROUP BY s.user_id`;

/** Visitors without a session have no entry. */
export type VisitorStamps = (visitorIds: readonly string[]) => Promise<ReadonlyMap<string, string>>;

export function createVisitorStamps(pool: Pool): VisitorStamps {
  return async (visitorIds) => {
    const { rows } = await pool.query<{ user_id: string; stamp: string }>({
      name: "visitor_stamps",
      text: CHANGES,
      values: [visitorIds],
    });
    return new Map(rows.map(({ user_id, stamp }) => [user_id, stamp]));
  };
}
