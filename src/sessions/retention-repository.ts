import type { Pool } from "pg";
import { wait } from "../core/time/wait.ts";
import { inTransaction } from "../storage/transaction.ts";
import { eraseSilentVisitors, eraseVisitors } from "../users/visitor-retention-repository.ts";
import { endSession } from "./end-repository.ts";
import { cancelWaiting } from "./waiting-repository.ts";

/**
 * Sessions of one agent whose last change is long ago, the oldest first. Every message, answer and change by an operator
 * changes a session. One with work to do stays: an answer or a send that is due, or a message that is planned.
 */
const OLD = `
  SELECT s.id, s.status, s.updated_at, s.user_id FROM sessions s
  WHERE s.agent_id = $1 AND s.updated_at < now() - $2::int * interval '1 day' AND (s.updated_at, s.id) > ($3, $4)
    AND s.last_activity_at < now() - $2::int * interval '1 day'
    AND s.answered_seq >= s.inbound_seq AND (s.lease_expires_at IS NULL OR s.lease_expires_at < now())
    AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.session_id = s.id AND d.status IN ('queued', 'sending'))
    AND NOT EXISTS (SELECT 1 FROM schedules p WHERE p.session_id = s.id AND p.status IN ('active', 'paused'))
  ORDER BY s.updated_at, s.id LIMIT $5 FOR UPDATE SKIP LOCKED`;

/**
 * The tables with many rows of a session. A table comes before the tables to which it refers. Other rows are few, and
 * the delete of the session removes them.
 */
const KINDS = ["deliveries", "event_log", "incidents", "executions", "messages"] as const;

const SESSIONS = 20;
const ROWS = 500;
/** Pause between two batches, milliseconds. It leaves the disk and the connections to conversations. */
const PAUSE_MS = 20;

interface OldSession {
  id: string;
  status: string;
  updated_at: Date;
  user_id: string | null;
}

/** Erases sessions that were kept long enough, with everything in them. */
export function createSessionRetention(pool: Pool) {
  /**
   * Ends those that are still open, without their end events. So a message that arrives from now on opens a new
   * session. The time of the last change stays. So if this process dies now, the next sweep finds them again.
   */
  const claim = (agentId: string, days: number, after: { at: Date; id: string }): Promise<OldSession[]> =>
    inTransaction(pool, async (client) => {
      const { rows } = await client.query<OldSession>(OLD, [agentId, days, after.at, after.id, SESSIONS]);
      for (const { id, status, updated_at } of rows) {
        if (status !== "active") continue;
        await endSession(client, { sessionId: id, reason: "expired", triggerEvents: false });
        await cancelWaiting(client, id);
        await client.query("UPDATE sessions SET updated_at = $2 WHERE id = $1", [id, updated_at]);
      }
      return rows;
    });

  /** Erases rows in batches, so that no statement holds locks for long. */
  async function erase(ids: readonly string[], stop: AbortSignal): Promise<void> {
    for (const kind of KINDS) {
      const statement = `DELETE FROM ${kind} WHERE id IN (SELECT id FROM ${kind} WHERE session_id = ANY($1) LIMIT ${ROWS})`;
      for (let erased = ROWS; erased === ROWS; ) {
        if (stop.aborted) return;
        erased = (await pool.query(statement, [ids])).rowCount ?? 0;
        if (erased === ROWS) await wait(PAUSE_MS, stop);
      }
    }
    await pool.query("DELETE FROM sessions WHERE id = ANY($1)", [ids]);
  }

  return {
    /**
     * Erases the old sessions of every agent, by the agent's own days, else by `days` (null: never). Also erases
     * anonymous visitors of whom nothing is left. Returns the number of sessions. Any number of processes may run it at
     * once.
     * @param onErased gets the sessions whose work in this process may stop.
     */
    async sweep(
      days: number | null,
      onErased: (sessionIds: readonly string[]) => void,
      stop: AbortSignal,
    ): Promise<number> {
      const agents = await pool.query<{ id: string; days: number }>(
        `SELECT id, coalesce(retention_days, $1::int) AS days FROM agents
         WHERE coalesce(retention_days, $1::int) IS NOT NULL`,
        [days],
      );
      let erased = 0;
      for (const agent of agents.rows) {
        let after = { at: new Date(0), id: "" };
        while (!stop.aborted) {
          const found = await claim(agent.id, agent.days, after);
          const last = found.at(-1);
          if (last === undefined) break;
          after = { at: last.updated_at, id: last.id };
          const ids = found.map(({ id }) => id);
          onErased(ids);
          await erase(ids, stop);
          erased += ids.length;
          await eraseVisitors(
            pool,
            found.flatMap(({ user_id }) => user_id ?? []),
          );
          await wait(PAUSE_MS, stop);
        }
      }
      if (days !== null) await eraseSilentVisitors(pool, days, stop);
      return erased;
    },
  };
}
