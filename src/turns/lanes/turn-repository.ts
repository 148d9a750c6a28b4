import type { Pool } from "pg";
import type { TurnUser } from "../../bots/bot.ts";
import type { JsonObject } from "../../core/text/json.ts";
import { despiteConflicts } from "../../storage/despite-conflicts.ts";
import { createPendingMessages } from "./pending-messages-repository.ts";

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
 * The leases of lanes, and their waiting messages. Raw SQL, because every write is one conditional, batched statement.
 */
export function createTurnRepository(pool: Pool, identity: { owner: string; leaseMs: number }) {
  const { owner, leaseMs } = identity;
  return {
    ...createPendingMessages(pool),

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

    /** Writes down the version that a session follows from now on, so that everybody sees which one answers. */
    async follow({ sessionId, leaseToken }: Lane, version: number): Promise<void> {
      await pool.query(
        "UPDATE sessions SET agent_version = $3 WHERE id = $1 AND lease_token = $2 AND lease_owner = $4",
        [sessionId, leaseToken, version, owner],
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
