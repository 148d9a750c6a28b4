import type { Pool } from "pg";
import { type MessageContext, toContext } from "../../core/message/message-context.ts";
import { HANDOFF_CODE } from "../../core/session/handoff-settings.ts";
import type { JsonObject } from "../../core/text/json.ts";

/** A message that waits for an answer (or a command that waits to run). */
export interface PendingMessage {
  id: string;
  seq: number;
  origin: "user" | "command" | "instruction";
  /** The role of an instruction: `user` from a visitor, `system` from an operator or a rule. */
  role: "user" | "system";
  content: string;
  /** The payload of the pressed or chosen button; null for most. */
  payload: string | null;
  executionId: string | null;
  attempts: number;
  /** A person cancelled the answer while the message waited. */
  cancelled: boolean;
  /** True if it has files. */
  hasAttachments: boolean;
  /** Its sound has become words, or it was found to have none. */
  listened: boolean;
  /** The preview that an earlier process left on the platform. */
  preview: string | null;
  /** Further events may still join it. It is closed before its turn begins. */
  isOpen: boolean;
  /** The author, the time and the references; null if none of them is known. */
  context: MessageContext | null;
  /** The data behind its words (a place, a contact, a reaction); null for most. */
  details: JsonObject | null;
  /** The event keys that its channel gave; none if it came by a call of the API. */
  eventKeys: readonly string[];
  /** The platform's token that a reply uses to answer the message. */
  replyReference: string | null;
  /** The header of the API call whose trace goes on here; null for most. */
  traceparent: string | null;
  createdAt: Date;
}

/** The keys that a channel gave a message, without those of calls and rules. */
const CHANNEL_KEYS = `ARRAY(SELECT k.event_key FROM inbound_events k
  WHERE k.message_id = m.id AND m.origin <> 'instruction' AND k.event_key !~ '^(api|web|more):' ORDER BY k.received_at, k.event_key)`;

interface PendingRow {
  id: string;
  seq: number;
  origin: PendingMessage["origin"];
  role: PendingMessage["role"];
  content: string;
  payload: string | null;
  execution_id: string | null;
  attempts: number | null;
  created_at: Date;
  cancel_requested_at: Date | null;
  has_attachments: boolean;
  listened: boolean;
  preview: string | null;
  is_open: boolean;
  author: MessageContext["author"];
  sent_at: Date | null;
  message_references: unknown;
  details: JsonObject | null;
  event_keys: string[];
  reply_reference: string | null;
  traceparent: string | null;
}

/** Messages of lanes that wait for an answer. */
export function createPendingMessages(pool: Pool) {
  return {
    /** The waiting messages of a lane that we hold, oldest first, without those that a person must answer. */
    async pending(
      sessionId: string,
      limit: number,
    ): Promise<{ inboundSeq: number; messages: PendingMessage[] }> {
      const { rows: lanes } = await pool.query<{ inbound_seq: number }>(
        "SELECT inbound_seq FROM sessions WHERE id = $1",
        [sessionId],
      );
      const { rows } = await pool.query<PendingRow>(
        `SELECT m.id, m.seq, m.origin, m.role, m.content, m.payload, m.execution_id, m.created_at, e.attempts, e.cancel_requested_at,
           e.preview, m.gather_until IS NOT NULL AND m.closed_at IS NULL AS is_open, m.author, m.sent_at,
           m.message_references, m.metadata->'details' AS details, m.reply_reference, e.traceparent, ${CHANNEL_KEYS} AS event_keys, m.listened_at IS NOT NULL AS listened,
           EXISTS (SELECT 1 FROM attachments a WHERE a.message_id = m.id) AS has_attachments
         FROM messages m
         JOIN sessions s ON s.id = m.session_id LEFT JOIN executions e ON e.id = m.execution_id
         WHERE m.session_id = $1 AND m.seq > s.answered_seq AND m.origin IN ('user', 'command', 'instruction')
           AND (m.origin = 'command' OR m.execution_id IS NOT NULL AND e.error_code IS DISTINCT FROM '${HANDOFF_CODE}')
         ORDER BY m.seq LIMIT $2`,
        [sessionId, limit],
      );
      // The count is read first. A message that arrives in between causes at most one more read.
      return { inboundSeq: lanes[0]?.inbound_seq ?? 0, messages: rows.map(toPending) };
    },

    /**
     * Closes messages whose turn begins, so that a later part becomes its own message. Returns the time until the last
     * of the gathering ones can be closed, milliseconds. Null once all are closed.
     */
    async close(messageIds: readonly string[]): Promise<number | null> {
      const { rows } = await pool.query<{ left_ms: number | null }>(
        `WITH closed AS (
           UPDATE messages SET closed_at = now() WHERE id = ANY($1) AND closed_at IS NULL AND gather_until <= now()
           RETURNING id)
         SELECT ceil(extract(epoch FROM max(gather_until) - now()) * 1000)::int AS left_ms FROM messages
         WHERE id = ANY($1) AND closed_at IS NULL AND id NOT IN (SELECT id FROM closed)`,
        [messageIds],
      );
      return rows[0]?.left_ms ?? null;
    },

    /**
     * Closes messages that are about to be answered, so that later edits do not change them. Returns their words, which
     * may have been edited since they were read.
     */
    async closeWords(messageIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
      const { rows } = await pool.query<{ id: string; content: string }>(
        `UPDATE messages SET closed_at = coalesce(closed_at, now()) WHERE id IN (
           SELECT id FROM messages WHERE id = ANY($1) ORDER BY id FOR UPDATE)
         RETURNING id, content`,
        [messageIds],
      );
      return new Map(rows.map(({ id, content }) => [id, content]));
    },

    /** Those of the given sessions in which a reset waits. */
    async resetWaiting(sessionIds: string[]): Promise<string[]> {
      const { rows } = await pool.query<{ id: string }>(
        `SELECT s.id FROM sessions s WHERE s.id = ANY($1) AND EXISTS (
           SELECT 1 FROM messages m WHERE m.session_id = s.id AND m.seq > s.answered_seq AND m.origin = 'command')`,
        [sessionIds],
      );
      return rows.map((row) => row.id);
    },
  };
}

function toPending(row: PendingRow): PendingMessage {
  return {
    id: row.id,
    seq: row.seq,
    origin: row.origin,
    role: row.role,
    content: row.content,
    payload: row.payload,
    executionId: row.execution_id,
    attempts: row.attempts ?? 0,
    cancelled: row.cancel_requested_at !== null,
    hasAttachments: row.has_attachments,
    listened: row.listened,
    preview: row.preview,
    isOpen: row.is_open,
    context: toContext(row),
    details: row.details,
    eventKeys: row.event_keys,
    replyReference: row.reply_reference,
    traceparent: row.traceparent,
    createdAt: row.created_at,
  };
}
