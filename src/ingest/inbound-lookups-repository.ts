import type { Pool } from "pg";
import type { KnownMessage } from "../core/message/message-context.ts";
import { type ResultRow, toOutcome } from "./inbound-record.ts";
import type { InboundOutcome, InboundRow } from "./inbound-row.ts";

/**
 * Messages whose commit got no answer from the database. The columns are those of the statement that stores messages.
 */
const STORED = `
  SELECT m.id AS message_id, true AS resolvable, true AS open, s.id AS lane_id, m.seq, s.user_id AS lane_user,
    s.agent_id AS lane_agent, s.agent_version AS lane_version, s.lease_token, s.answered_seq, false AS created,
    coalesce(s.lease_owner = $2 AND s.lease_expires_at > now(), false) AS owned, s.metadata AS session_metadata,
    m.payload AS chosen, m.execution_id AS run_id, coalesce(u.identifier, '') AS user_identifier, u.name AS user_name, m.created_at,
    false AS edited, false AS took
  FROM messages m JOIN sessions s ON s.id = m.session_id LEFT JOIN users u ON u.id = s.user_id WHERE m.id = ANY($1)`;

/** Looks up stored messages. */
export function createInboundLookups(pool: Pool) {
  return {
    /** The outcome of messages that were stored without an answer; null: not stored. */
    async stored(rows: readonly InboundRow[], owner: string): Promise<(InboundOutcome | null)[]> {
      const ids = rows.map(({ messageId }) => messageId);
      const { rows: found } = await pool.query<ResultRow & { message_id: string }>(STORED, [ids, owner]);
      const outcomes = new Map(found.map((row) => [row.message_id, toOutcome(row)]));
      return ids.map((id) => outcomes.get(id) ?? null);
    },

    /** The message that claimed an event key, as the answer to a repeated request. */
    async messageOfEvent(channelId: string, eventKey: string): Promise<string | null> {
      const { rows } = await pool.query<{ message_id: string }>(
        "SELECT message_id FROM inbound_events WHERE channel_id = $1 AND event_key = $2",
        [channelId, eventKey],
      );
      return rows[0]?.message_id ?? null;
    },

    /** Our own messages in a conversation, both sent and received, by the platform's ids for them. */
    async ownMessages(
      channelId: string,
      address: string,
      externalIds: readonly string[],
    ): Promise<Map<string, KnownMessage>> {
      const { rows } = await pool.query<{ external_id: string; id: string; role: string; content: string }>(
        `SELECT x.id AS external_id, m.id, m.role, left(m.content, 2000) AS content
         FROM unnest($3::text[]) AS x(id) CROSS JOIN LATERAL (
           SELECT d.message_id FROM deliveries d
             WHERE d.channel_id = $1 AND d.external_ids <> '{}' AND d.external_ids[1] = x.id
           UNION ALL SELECT e.message_id FROM inbound_events e
             WHERE e.channel_id = $1 AND e.event_key IN (x.id, 'message:' || x.id) LIMIT 1) found
         JOIN messages m ON m.id = found.message_id JOIN sessions s ON s.id = m.session_id AND s.address = $2`,
        [channelId, address, externalIds],
      );
      return new Map(
        rows.map(({ external_id, id, role, content }) => [
          external_id,
          { id, from: role === "assistant" ? "assistant" : "user", content },
        ]),
      );
    },
  };
}
