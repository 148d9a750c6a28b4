import type { Pool } from "pg";
import type { Unreachable } from "../core/reachability.ts";
import { storableText } from "../core/text.ts";

const MARK = `SET unreachable_since = coalesce(unreachable_since, now()), unreachable_code = $1, unreachable_reason = $2,
  updated_at = now()`;

/** What platforms said of users who cannot be written to, kept with the user until they write again. */
export function createUnreachableUsers(pool: Pool) {
  return {
    /** The user of a session: a send to them was refused, and the next would be. */
    async markUserOf(sessionId: string, { code, reason }: Unreachable): Promise<void> {
      await pool.query(`UPDATE users ${MARK} WHERE id = (SELECT user_id FROM sessions WHERE id = $3)`, [
        code,
        storableText(reason),
        sessionId,
      ]);
    },

    async mark(channelId: string, identifier: string, { code, reason }: Unreachable): Promise<void> {
      await pool.query(`UPDATE users ${MARK} WHERE channel_id = $3 AND identifier = $4`, [
        code,
        storableText(reason),
        channelId,
        identifier,
      ]);
    },

    /** The user the platform's word on a send is about. */
    async markRecipient(channelId: string, externalId: string, { code, reason }: Unreachable): Promise<void> {
      await pool.query(
        `UPDATE users ${MARK} WHERE id IN (SELECT s.user_id FROM deliveries d JOIN sessions s ON s.id = d.session_id
           WHERE d.channel_id = $3 AND d.external_ids <> '{}' AND d.external_ids[1] = $4)`,
        [code, storableText(reason), channelId, externalId],
      );
    },

    async clear(channelId: string, identifier: string): Promise<void> {
      await pool.query(
        `UPDATE users SET unreachable_since = NULL, unreachable_code = NULL, unreachable_reason = NULL, updated_at = now()
         WHERE channel_id = $1 AND identifier = $2 AND unreachable_since IS NOT NULL`,
        [channelId, identifier],
      );
    },
  };
}
