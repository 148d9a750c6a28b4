import type { Pool } from "pg";
import type { TurnUser } from "../../bots/bot.ts";
import { type MessageContext, toContext } from "../../core/message/message-context.ts";
import { HANDOFF_CODE } from "../../core/session/handoff-settings.ts";
import type { JsonObject } from "../../core/text/json.ts";
import { despiteConflicts } from "../../storage/despite-conflicts.ts";

/** A session whose turns this process runs, under a fencing token. */
export interface Lane {
  sessionId: string;
  leaseToken: number;
  workspaceId: string;
  channelId: string;
  agentId: string;
  agentVersion: number;
  user: TurnUser | null;
  /** The address of replies on the platform; null if the session itself is the address. */
  address: string | null;
  metadata: JsonObject;
}

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

const LANE_COLUMNS = `s.id AS session_id, s.lease_token, s.workspace_id, s.channel_id, s.agent_id, s.agent_version,
  s.address, s.metadata, s.answered_seq, u.id AS user_id, u.identifier, u.name`;

interface LaneRow {
  session_id: string;
  lease_token: number;
  workspace_id: string;
  channel_id: string;
  agent_id: string;
  agent_version: number;
  address: string | null;
  metadata: JsonObject;
  answered_seq: number;
  user_id: string | null;
  identifier: string | null;
  name: string | null;
}

export type TurnRepository = ReturnType<typeof createTurnRepository>;

/**
 * The holders of lanes and their waiting messages. Raw SQL, because every write is one conditional, batched statement.
 */
export function createTurnRepository(pool: Pool, identity: { owner: string; leaseMs: number }) {
  const { owner, leaseMs } = identity;
  return {
    /** Takes a lane with waiting messages that nothing holds; null if there is none to take. */
    async claim(sessionId: string): Promise<Lane | null> {
      const { rows } = await pool.query<LaneRow>(
        `WITH taken AS (
           UPDATE sessions SET lease_owner = $2, lease_token = lease_token + 1,
             lease_expires_at = now() + $3::int * interval '1 millisecond'
           WHERE id = $1 AND inbound_seq > answered_seq AND (lease_expires_at IS NULL OR lease_expires_at <= now())
           RETURNING *)
         SELECT ${LANE_COLUMNS} FROM taken s LEFT JOIN users u ON u.id = s.user_id`,
        [sessionId, owner, leaseMs],
      );
      return rows[0] ? toLane(rows[0]) : null;
    },

    /** The lanes with waiting messages that belong to this owner in the database. */
    async ownLanes(): Promise<Lane[]> {
      const { rows } = await pool.query<LaneRow>({
        name: "own_lanes",
        text: `SELECT ${LANE_COLUMNS} FROM sessions s LEFT JOIN users u ON u.id = s.user_id
          WHERE s.waits AND s.inbound_seq > s.answered_seq AND s.lease_expires_at > now() AND s.lease_owner = $1`,
        values: [owner],
      });
      return rows.map(toLane);
    },

    /** The waiting messages of a lane that we hold, oldest first, without those that a person must answer. */
    async pending(
      sessionId: string,
      limit: number,
    ): Promise<{ inboundSeq: number; messages: PendingMessage[] }> {
      const { rows: lanes } = await pool.query<{ inbound_seq: number }>(
        "SELECT inbound_seq FROM sessions WHERE id = $1",
        [sessionId],
      );
      const { rows } = await pool.query<{
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
      }>(
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
      const messages = rows.map((row) => ({
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
      }));
      // The count is read first. A message that arrives in between causes at most one more read.
      return { inboundSeq: lanes[0]?.inbound_seq ?? 0, messages };
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

    /** Extends leases. Returns the sessions that are still ours, with their newest inbound seq. */
    async heartbeat(held: { sessionId: string; leaseToken: number }[]): Promise<Map<string, number>> {
      const { rows } = await despiteConflicts(() =>
        pool.query<{ id: string; inbound_seq: number }>(
          `WITH mine AS (
           SELECT s.id FROM sessions s JOIN unnest($1::text[], $2::int[]) AS h(id, token)
             ON s.id = h.id AND s.lease_token = h.token AND s.lease_owner = $3 ORDER BY s.id FOR UPDATE OF s)
         UPDATE sessions s SET lease_expires_at = now() + $4::int * interval '1 millisecond'
         FROM mine WHERE s.id = mine.id RETURNING s.id, s.inbound_seq`,
          [held.map((h) => h.sessionId), held.map((h) => h.leaseToken), owner, leaseMs],
        ),
      );
      return new Map(rows.map((row) => [row.id, row.inbound_seq]));
    },

    /**
     * Marks a turn as running, for the API, and records the attempt, for a takeover. A turn that ends before is never
     * marked.
     */
    async markRunning(executionId: string, attempts: number, startedAt: Date): Promise<void> {
      await pool.query(
        `UPDATE executions SET status = 'running', attempts = greatest(attempts, $2), started_at = coalesce(started_at, $3)
         WHERE id = $1 AND status IN ('pending', 'running')`,
        [executionId, attempts, startedAt],
      );
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

    /** Those of the running executions that must stop. */
    async cancelRequested(executionIds: string[]): Promise<string[]> {
      const { rows } = await pool.query<{ id: string }>(
        "SELECT id FROM executions WHERE id = ANY($1) AND cancel_requested_at IS NOT NULL",
        [executionIds],
      );
      return rows.map((row) => row.id);
    },

    /** Returns true if an execution was cancelled by the end of its session. */
    async isCancelled(executionId: string): Promise<boolean> {
      const { rowCount } = await pool.query(
        "SELECT 1 FROM executions WHERE id = $1 AND status = 'cancelled'",
        [executionId],
      );
      return rowCount === 1;
    },

    /** Sessions with waiting messages that nothing works on, after a crash or a wiped queue. */
    async strandedSessions(limit: number): Promise<string[]> {
      const { rows } = await pool.query<{ id: string }>(
        `SELECT id FROM sessions
         WHERE waits AND inbound_seq > answered_seq AND (lease_expires_at IS NULL OR lease_expires_at <= now())
         ORDER BY lease_expires_at NULLS FIRST LIMIT $1`,
        [limit],
      );
      return rows.map((row) => row.id);
    },

    /**
     * Frees every lane at once. Only for the start of the embedded engine, because no other process can be alive then.
     */
    async freeAllLanes(): Promise<void> {
      await pool.query(
        "UPDATE sessions SET lease_owner = NULL, lease_expires_at = NULL WHERE lease_owner IS NOT NULL",
      );
    },

    /** Hands back all lanes of this owner, even those unknown here. `waits` may not know the newest of them yet. */
    async releaseAll(): Promise<void> {
      await pool.query(
        `UPDATE sessions SET lease_owner = NULL, lease_expires_at = NULL
         WHERE (waits OR last_activity_at > now() - interval '1 minute') AND inbound_seq > answered_seq
           AND lease_owner = $1`,
        [owner],
      );
    },

    /** Hands back lanes at shutdown, so that another process takes over at once. */
    async release(held: { sessionId: string; leaseToken: number }[]): Promise<void> {
      await pool.query(
        `UPDATE sessions s SET lease_owner = NULL, lease_expires_at = NULL
         FROM unnest($1::text[], $2::int[]) AS h(id, token)
         WHERE s.id = h.id AND s.lease_token = h.token AND s.lease_owner = $3`,
        [held.map((h) => h.sessionId), held.map((h) => h.leaseToken), owner],
      );
    },
  };
}

function toLane(row: LaneRow): Lane {
  return {
    sessionId: row.session_id,
    leaseToken: row.lease_token,
    workspaceId: row.workspace_id,
    channelId: row.channel_id,
    agentId: row.agent_id,
    agentVersion: row.agent_version,
    address: row.address,
    metadata: row.metadata,
    user:
      row.user_id === null || row.identifier === null
        ? null
        : { id: row.user_id, identifier: row.identifier, name: row.name },
  };
}
