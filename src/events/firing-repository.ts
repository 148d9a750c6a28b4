import type { Pool } from "pg";
import type { JsonObject } from "../core/json.ts";
import { storableJson, storableText } from "../core/text.ts";

/** A firing of an event rule that this process carries out. */
export interface Firing {
  id: string;
  workspaceId: string;
  sessionId: string;
  agentId: string;
  agentVersion: number;
  /** The rule's place in the version's `events`. */
  rule: number;
  event: string;
  data: JsonObject;
  /** This attempt's number, from 1. */
  attempts: number;
  actionsDone: number;
  createdAt: Date;
}

/** What one action came to, as the log shows it. */
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
 * Firings of a session are carried out in order; one that failed and waits for its next attempt holds nobody up, one
 * that waits for quiet hours to end only the last timeout. A row that is being carried out has its deadline in
 * `next_attempt_at`, so that a dead process's is found due.
 */
const CLAIM = `
  WITH ready AS (
    SELECT l.id FROM event_log l
    WHERE l.status IN ('pending', 'running') AND l.next_attempt_at <= now() AND NOT EXISTS (
      SELECT 1 FROM event_log e
      WHERE e.session_id = l.session_id AND e.ordinal < l.ordinal AND e.status IN ('pending', 'running')
        AND (e.status = 'running' OR (e.attempts = 0 AND (e.next_attempt_at <= now() OR l.event = 'last_timeout'))))
    ORDER BY l.next_attempt_at, l.ordinal LIMIT $1 FOR UPDATE SKIP LOCKED)
  UPDATE event_log l SET status = 'running', attempts = attempts + 1,
    next_attempt_at = now() + $2::int * interval '1 millisecond'
  FROM ready WHERE l.id = ready.id
  RETURNING l.id, l.workspace_id, l.session_id, l.agent_id, l.agent_version, l.rule, l.event, l.data, l.attempts,
    l.actions_done, l.created_at`;

export type FiringRepository = ReturnType<typeof createFiringRepository>;

/** The event log as work to do. Rows are written by the database itself, with what caused them. */
export function createFiringRepository(pool: Pool) {
  return {
    async claim(limit: number, leaseMs: number): Promise<Firing[]> {
      const { rows } = await pool.query<FiringRow>(CLAIM, [limit, leaseMs]);
      return rows.map(toFiring);
    },

    /** One more action is done: a further attempt does not repeat it. */
    async progress(firing: Firing, result: ActionResult): Promise<void> {
      await pool.query(
        `UPDATE event_log SET actions_done = actions_done + 1, results = results || $3::jsonb
         WHERE id = $1 AND attempts = $2 AND status = 'running'`,
        [firing.id, firing.attempts, storableJson([result])],
      );
    },

    /** One that came through, but for a message that nobody would have got, ends as `unreachable`. */
    async end(firing: Firing, { status, reason }: FiringEnd): Promise<void> {
      await pool.query(
        `UPDATE event_log SET ended_at = now(),
           status = CASE WHEN $3 = 'completed' AND jsonb_path_exists(results, '$[*].unreachable') THEN 'unreachable' ELSE $3 END,
           reason = coalesce($4, jsonb_path_query_first(results, '$[*].unreachable') #>> '{}')
         WHERE id = $1 AND attempts = $2 AND status = 'running'`,
        [firing.id, firing.attempts, status, reason === null ? null : storableText(reason)],
      );
    },

    /** Tries again later. `counted` is false where nothing failed and it only has to wait. */
    async later(firing: Firing, ms: number, reason: string, counted: boolean): Promise<void> {
      await pool.query(
        `UPDATE event_log SET status = 'pending', reason = $4, attempts = attempts - $5::int,
           next_attempt_at = now() + $3::int * interval '1 millisecond'
         WHERE id = $1 AND attempts = $2 AND status = 'running'`,
        [firing.id, firing.attempts, ms, storableText(reason), counted ? 0 : 1],
      );
    },

    /** Everything that was being carried out is due at once. Only where no other process can be alive. */
    async freeAll(): Promise<void> {
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
