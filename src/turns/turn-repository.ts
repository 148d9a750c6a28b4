import type { Pool } from "pg";
import type { TurnUser } from "../bots/bot.ts";
import type { JsonObject } from "../core/json.ts";

/** A session whose turns this process runs, under a fencing token. */
export interface Lane {
  sessionId: string;
  leaseToken: number;
  workspaceId: string;
  channelId: string;
  agentId: string;
  agentVersion: number;
  user: TurnUser | null;
  /** Where replies go on the platform; null where the session itself is the address. */
  address: string | null;
  metadata: JsonObject;
}

/** A message that wants an answer (or, for a command, to be carried out). */
export interface PendingMessage {
  id: string;
  seq: number;
  origin: "user" | "command" | "instruction";
  content: string;
  /** What the pressed or chosen button carries; null for most. */
  payload: string | null;
  executionId: string | null;
  attempts: number;
  /** Somebody asked for it not to be answered while it waited. */
  cancelled: boolean;
  /** Whether files came with it. */
  hasAttachments: boolean;
  /** What a process that answered it before has left standing on the platform. */
  preview: string | null;
  createdAt: Date;
}

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

/** Who holds which lane, and what waits in it. Raw SQL because every write is one conditional, batched statement. */
export function createTurnRepository(pool: Pool, identity: { owner: string; leaseMs: number }) {
  const { owner, leaseMs } = identity;
  return {
    /** Takes a lane that has something waiting and that nobody holds; null when there is none to take. */
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

    /** What waits in a lane we hold, oldest first. */
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
        content: string;
        payload: string | null;
        execution_id: string | null;
        attempts: number | null;
        created_at: Date;
        cancel_requested_at: Date | null;
        has_attachments: boolean;
        preview: string | null;
      }>(
        `SELECT m.id, m.seq, m.origin, m.content, m.payload, m.execution_id, m.created_at, e.attempts, e.cancel_requested_at,
           e.preview,
           EXISTS (SELECT 1 FROM attachments a WHERE a.message_id = m.id) AS has_attachments
         FROM messages m
         JOIN sessions s ON s.id = m.session_id LEFT JOIN executions e ON e.id = m.execution_id
         WHERE m.session_id = $1 AND m.seq > s.answered_seq AND m.origin IN ('user', 'command', 'instruction')
         ORDER BY m.seq LIMIT $2`,
        [sessionId, limit],
      );
      const messages = rows.map((row) => ({
        id: row.id,
        seq: row.seq,
        origin: row.origin,
        content: row.content,
        payload: row.payload,
        executionId: row.execution_id,
        attempts: row.attempts ?? 0,
        cancelled: row.cancel_requested_at !== null,
        hasAttachments: row.has_attachments,
        preview: row.preview,
        createdAt: row.created_at,
      }));
      // The count is read first: what arrives in between is at worst looked for once more.
      return { inboundSeq: lanes[0]?.inbound_seq ?? 0, messages };
    },

    /** Keeps leases alive. Returns the sessions still ours and how far their messages go. */
    async heartbeat(held: { sessionId: string; leaseToken: number }[]): Promise<Map<string, number>> {
      const { rows } = await pool.query<{ id: string; inbound_seq: number }>(
        `WITH mine AS (
           SELECT s.id FROM sessions s JOIN unnest($1::text[], $2::int[]) AS h(id, token)
             ON s.id = h.id AND s.lease_token = h.token AND s.lease_owner = $3 ORDER BY s.id FOR UPDATE OF s)
         UPDATE sessions s SET lease_expires_at = now() + $4::int * interval '1 millisecond'
         FROM mine WHERE s.id = mine.id RETURNING s.id, s.inbound_seq`,
        [held.map((h) => h.sessionId), held.map((h) => h.leaseToken), owner, leaseMs],
      );
      return new Map(rows.map((row) => [row.id, row.inbound_seq]));
    },

    /**
     * Marks a turn as under way, for those who look, and as tried so often, for whoever takes it over; a turn that is
     * over before is never marked.
     */
    async markRunning(executionId: string, attempts: number, startedAt: Date): Promise<void> {
      await pool.query(
        `UPDATE executions SET status = 'running', attempts = greatest(attempts, $2), started_at = coalesce(started_at, $3)
         WHERE id = $1 AND status IN ('pending', 'running')`,
        [executionId, attempts, startedAt],
      );
    },

    /** Which of the running executions somebody wants stopped. */
    async cancelRequested(executionIds: string[]): Promise<string[]> {
      const { rows } = await pool.query<{ id: string }>(
        "SELECT id FROM executions WHERE id = ANY($1) AND cancel_requested_at IS NOT NULL",
        [executionIds],
      );
      return rows.map((row) => row.id);
    },

    /** Sessions in which something waits and nobody works: after a crash or a wiped queue. */
    async strandedSessions(limit: number): Promise<string[]> {
      const { rows } = await pool.query<{ id: string }>(
        `SELECT id FROM sessions WHERE inbound_seq > answered_seq AND (lease_expires_at IS NULL OR lease_expires_at <= now())
         ORDER BY lease_expires_at NULLS FIRST LIMIT $1`,
        [limit],
      );
      return rows.map((row) => row.id);
    },

    /** Frees every lane at once. Only where no other process can be alive: the embedded engine's start. */
    async freeAllLanes(): Promise<void> {
      await pool.query(
        "UPDATE sessions SET lease_owner = NULL, lease_expires_at = NULL WHERE lease_owner IS NOT NULL",
      );
    },

    /** Hands lanes back at shutdown, so that another process takes over at once. */
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
