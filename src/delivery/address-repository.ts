import type { Pool } from "pg";
import { inTransaction } from "../storage/transaction.ts";
import { isUniqueViolation } from "../storage/unique-violation.ts";

/** Waits for transactions that add deliveries to the session. A statement does not see rows that are committed while it waits. */
const LOCK_SESSION = "SELECT 1 FROM sessions WHERE id = $1 FOR UPDATE";
const NAME_CONVERSATION = `
  WITH session AS MATERIALIZED (
    SELECT id, channel_id, single, coalesce(address, id) AS address FROM sessions WHERE id = $1 FOR UPDATE),
  named AS (
    UPDATE sessions s SET external_id = $2, address = $2 FROM session o WHERE s.id = o.id AND NOT o.single),
  moved AS (
    UPDATE deliveries d SET address = $2 FROM session o
    WHERE NOT o.single AND d.session_id = o.id AND d.channel_id = o.channel_id AND d.address = o.address
      AND d.status IN ('queued', 'unknown'))
  SELECT single FROM session`;

/** Conversations that get another address. */
export function createAddressRepository(pool: Pool) {
  return {
    /** A conversation has a new address: waiting deliveries and later replies go there. */
    async moveAddress(channelId: string, from: string, to: string): Promise<void> {
      await pool.query(
        `WITH lanes AS (UPDATE sessions SET address = $3 WHERE channel_id = $1 AND address = $2 AND status = 'active'),
         people AS (UPDATE users SET identifier = $3 WHERE channel_id = $1 AND identifier = $2
           AND NOT EXISTS (SELECT 1 FROM users WHERE channel_id = $1 AND identifier = $3))
         UPDATE deliveries SET address = $3 WHERE channel_id = $1 AND address = $2 AND status IN ('queued', 'unknown')`,
        [channelId, from, to],
      );
    },

    /**
     * Moves a session into the conversation that one of its sends started, because replies will name that one. Waiting
     * deliveries of the old address go there too. `taken`: a reply came first and opened a session of that name, which
     * keeps it. `single`: a user has only one session here, so names of conversations do not matter.
     */
    async nameConversation(sessionId: string, externalKey: string): Promise<"named" | "taken" | "single"> {
      try {
        return await inTransaction(pool, async (client) => {
          await client.query(LOCK_SESSION, [sessionId]);
          const { rows } = await client.query<{ single: boolean }>(NAME_CONVERSATION, [
            sessionId,
            externalKey,
          ]);
          return rows[0]?.single ? "single" : "named";
        });
      } catch (error) {
        if (!isUniqueViolation(error)) throw error;
        return "taken";
      }
    },
  };
}
