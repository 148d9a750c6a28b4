import type { Pool } from "pg";
import type { Unreachable } from "../core/session/reachability.ts";
import { storableText } from "../core/text/text.ts";

const MARK = `SET unreachable_since = coalesce(unreachable_since, now()), unreachable_code = $1, unreachable_reason = $2,
  updated_at = now()`;

/**
 * Identifies the send that a platform report concerns. Uses the delivery id if the platform returned it, else the
 * platform's own id.
 */
export interface NamedSend {
  channelId: string;
  externalId: string;
  deliveryId: string | null;
}

export type UnreachableUsers = ReturnType<typeof createUnreachableUsers>;

/** Stores platform reports of unreachable users with the user, until they write again. */
export function createUnreachableUsers(pool: Pool) {
  return {
    /** Marks the user of a session. The platform refused a send to them, and would refuse the next one. */
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

    /**
     * Marks the user that a platform report concerns. `saidAt` is the time of the report if that is earlier than now. A
     * user who has written since then is reachable again, so they are not marked.
     */
    async markRecipient(send: NamedSend, { code, reason }: Unreachable, saidAt: Date | null): Promise<void> {
      const named =
        send.deliveryId === null ? "d.external_ids <> '{}' AND d.external_ids[1] = $4" : "d.id = $4";
      await pool.query(
        `UPDATE users ${MARK} WHERE id IN (SELECT s.user_id FROM deliveries d JOIN sessions s ON s.id = d.session_id
           WHERE d.channel_id = $3 AND ${named} AND NOT EXISTS (SELECT 1 FROM messages m
             JOIN sessions o ON o.id = m.session_id
             WHERE o.user_id = s.user_id AND m.role = 'user' AND m.created_at > $5::timestamptz))`,
        [code, storableText(reason), send.channelId, send.deliveryId ?? send.externalId, saidAt],
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
