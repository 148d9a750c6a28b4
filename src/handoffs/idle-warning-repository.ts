import type { Pool } from "pg";
import { inTransaction } from "../storage/transaction.ts";
import { deskSay } from "./desk-repository.ts";
import { lockSession } from "./handoff-rows-repository.ts";

/** The desk is warned this long before the handoff ends by itself. A shorter handoff gets no warning. */
const WARNING = "interval '5 minutes'";
const DUE = `idle_at > now() AND idle_at <= now() + ${WARNING} AND idle_ms * interval '1 millisecond' > ${WARNING}
  AND warned_for IS DISTINCT FROM idle_at AND desk_channel_id IS NOT NULL`;
const WORDS =
  "Nobody has answered for a while. In five minutes the assistant answers again. A word to the user keeps this handoff open.";

/** Warns desks of handoffs that end soon because people are silent, once for each time. Returns the sessions. */
export async function warnIdleDesks(pool: Pool, limit: number): Promise<string[]> {
  const { rows } = await pool.query<{ id: string; session_id: string }>(
    `SELECT id, session_id FROM handoffs WHERE ${DUE} ORDER BY idle_at LIMIT $1`,
    [limit],
  );
  const warned: string[] = [];
  for (const { id, session_id: sessionId } of rows) {
    const isWarned = await inTransaction(pool, async (client) => {
      // The session's lock comes first, as in every other commit about a handoff.
      await lockSession(client, sessionId);
      const { rowCount } = await client.query(
        `UPDATE handoffs SET warned_for = idle_at WHERE id = $1 AND ${DUE}`,
        [id],
      );
      if (rowCount === 1) await deskSay(client, id, WORDS);
      return rowCount === 1;
    });
    if (isWarned) warned.push(sessionId);
  }
  return warned;
}
