import type { Pool } from "pg";
import type { JsonObject } from "../core/text/json.ts";
import { storableJson, storableText } from "../core/text/text.ts";

/** A firing of an event rule that this process runs. */
export interface Firing {
  id: string;
  workspaceId: string;
  sessionId: string;
  agentId: string;
  agentVersion: number;
  /** The rule's index in the version's `events`. */
  rule: number;
  event: string;
  data: JsonObject;
  /** The number of this attempt, from 1. */
  attempts: number;
  actionsDone: number;
  createdAt: Date;
}

/** The outcome of one action, as the log shows it. */
export type ActionResult = { action: string } & JsonObject;

export type FiringEnd = { status: "completed" | "skipped" | "failed"; reason: string | null };

interface FiringRow {
  id: string;
  workspace_id: string;
  session_id: string;
  agent_id: string;
  agent_version: number;
  rule: number;
  event: string;
  data: JsonObject;
  attempts: number;
  actions_done: number;
  created_at: Date;
}

/**
 * Firings of a session run in order. A firing that failed and waits for its next attempt does not block later ones. A
 * firing that waits for the end of quiet hours blocks only the last timeout. The deadline of a running row is in
 * `next_attempt_at`, so that the row of a dead process becomes due.
 */
const CLAIM = `
  WITH ready AS (
    SELECT l.id FROM event_log l
    WHERE l.status IN ('pending', 'running') AND l.next_attempt_at <= now() AND NOT EXISTS (
      SELECT 1 FROM event_log e
      WHERE e.session_id = l.session_id AND e.ordinal < l.ordinal AND e.status IN ('pending', 'running')
        AND (e.status = 'running' OR (e.attempts = 0 AND (e.next_attempt_at <= now() OR l.event = 'last_timeout'))))
    ORDER BY l.next_attempt_at, l.ordinal LIMIT $1 FOR UPDATE SKIP LOCKED)
  UPDATE event_log l SET status = 'running', attempts = attempts + 1, claimed_by = $3,
    next_attempt_at = now() + $2::int * interval '1 millisecond'
  FROM ready WHERE l.id = ready.id
  RETURNING l.id, l.workspace_id, l.session_id, l.agent_id, l.agent_version, l.rule, l.event, l.data, l.attempts,
    l.actions_done, l.created_at`;

export type FiringRepository = ReturnType<typeof createFiringRepository>;

/**
 * The event log as work to do. The database itself writes the rows, together with their cause. A result may be written
 * twice; only the first write counts.
 */
export function createFiringRepository(pool: Pool, identity: { owner: string; leaseMs: number }) {
  return {
    async claim(limit: number): Promise<Firing[]> {
      const { rows } = await pool.query<FiringRow>(CLAIM, [limit, identity.leaseMs, identity.owner]);
      return rows.map(toFiring);
    },

    /** Returns the firings that this process claimed without knowing it. None of their actions ran. */
    async releaseOthers(held: readonly string[]): Promise<void> {
      await pool.query(
        `UPDATE event_log SET status = 'pending', attempts = attempts - 1, next_attempt_at = now(), claimed_by = NULL
         WHERE status = 'running' AND claimed_by = $1 AND id <> ALL($2)`,
        [identity.owner, held],
      );
    },

    /** Records that the action at a position is done, so that a further attempt does not repeat it. */
    async progress(firing: Firing, place: number, result: ActionResult): Promise<void> {
      await pool.query(
        `UPDATE event_log SET actions_done = actions_done + 1, results = results || $3::jsonb
         WHERE id = $1 AND attempts = $2 AND status = 'running' AND actions_done = $4`,
        [firing.id, firing.attempts, storableJson([result]), place],
      );
    },

    /** A completed firing with a message that could not reach the user ends as `unreachable`. */
    async end(firing: Firing, { status, reason }: FiringEnd): Promise<void> {
      await pool.query(
        `UPDATE event_log SET ended_at = now(),
           status = CASE WHEN $3 = 'completed' AND jsonb_path_exists(results, '$[*].unreachable') THEN 'unreachable' ELSE $3 END,
           reason = coalesce($4, jsonb_path_query_first(results, '$[*].unreachable') #>> '{}')
         WHERE id = $1 AND attempts = $2 AND status = 'running'`,
        [firing.id, firing.attempts, status, reason === null ? null : storableText(reason)],
      );
    },

    /** Tries again later. `counted` is false if nothing failed and the firing only has to wait. */
    async later(firing: Firing, ms: number, reason: string, counted: boolean): Promise<void> {
      await pool.query(
        `UPDATE event_log SET status = 'pending', reason = $4, attempts = attempts - $5::int,
           next_attempt_at = now() + $3::int * interval '1 millisecond'
         WHERE id = $1 AND attempts = $2 AND status = 'running'`,
        [firing.id, firing.attempts, ms, storableText(reason), counted ? 0 : 1],
      );
    },

    /** Makes every running firing due at once. Call it only if no other process can be alive. */
    async releaseAll(): Promise<void> {
      await pool.query("UPDATE event_log SET next_attempt_at = now() WHERE status = 'running'");
    },
  };
}

function toFiring(row: FiringRow): Firing {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    sessionId: row.session_id,
    agentId: row.agent_id,
    agentVersion: row.agent_version,
    rule: row.rule,
    event: row.event,
    data: row.data,
    attempts: row.attempts,
    actionsDone: row.actions_done,
    createdAt: row.created_at,
  };
}
