import type { Pool, PoolClient } from "pg";
import { inTransaction } from "../storage/transaction.ts";

const AT_ONCE = 500;

/**
 * Anonymous visitors without anything. Nobody can tell who they were, so nothing is lost with them: a browser that
 * returns becomes a new visitor. Visitors with access stay.
 */
const LONELY = `u.anonymous AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.user_id = u.id)
  AND NOT EXISTS (SELECT 1 FROM schedules p WHERE p.user_id = u.id)
  AND NOT EXISTS (SELECT 1 FROM participant_data d WHERE d.user_id = u.id)
  AND NOT EXISTS (SELECT 1 FROM access_grants g WHERE g.channel_id = u.channel_id AND g.identifier = u.identifier)
  AND NOT EXISTS (SELECT 1 FROM access_requests r WHERE r.channel_id = u.channel_id AND r.identifier = u.identifier)`;

/** Erases those of these users who are anonymous visitors, and of whom nothing else is left. */
export async function eraseVisitors(pool: Pool, userIds: readonly string[]): Promise<number> {
  if (userIds.length === 0) return 0;
  return await eraseLonely(pool, "u.id = ANY($1)", [userIds]);
}

/** Erases anonymous visitors who came this many days ago and never wrote. Returns their number. */
export async function eraseSilentVisitors(pool: Pool, days: number, stop: AbortSignal): Promise<number> {
  let erased = 0;
  for (let last = AT_ONCE; last === AT_ONCE && !stop.aborted; erased += last)
    last = await eraseLonely(pool, "u.updated_at < now() - $1::int * interval '1 day'", [days]);
  return erased;
}

/**
 * Locks the rows first, and then checks them again. A session that is being opened holds its user, so nobody who opens
 * one meanwhile is erased with it.
 */
function eraseLonely(pool: Pool, which: string, values: readonly unknown[]): Promise<number> {
  return inTransaction(pool, async (client: PoolClient) => {
    const { rows } = await client.query<{ id: string }>(
      `SELECT u.id FROM users u WHERE ${which} AND ${LONELY} ORDER BY u.updated_at, u.id LIMIT ${AT_ONCE}
       FOR UPDATE SKIP LOCKED`,
      [...values],
    );
    if (rows.length === 0) return 0;
    const ids = rows.map(({ id }) => id);
    await client.query(
      `DELETE FROM user_aliases a USING users u
       WHERE u.id = ANY($1) AND ${LONELY} AND a.channel_id = u.channel_id AND a.identifier = u.identifier`,
      [ids],
    );
    const { rowCount } = await client.query(`DELETE FROM users u WHERE u.id = ANY($1) AND ${LONELY}`, [ids]);
    return rowCount ?? 0;
  });
}
