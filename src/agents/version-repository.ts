import type { Pool } from "pg";
import { inTransaction } from "../storage/transaction.ts";

/** The result of a rollback: the versions before and after, and the open sessions that moved. */
export interface Rollback {
  from: number;
  to: number;
  sessionIds: string[];
}

/** Topic of the notice that an agent's current version has changed. Its data is the agent's id. */
export const AGENT_VERSIONS = "agent-versions";

/** Returns agents to earlier versions. */
export function createVersionRepository(pool: Pool) {
  return {
    /**
     * Makes an earlier version the current one, and moves open sessions of later versions to it. The definition in the
     * file is not published again until it changes. Null: no such version exists before the current one.
     * @param to the version; null means the one before the current one.
     */
    rollBack(agentId: string, to: number | null): Promise<Rollback | null> {
      return inTransaction(pool, async (client) => {
        const { rows } = await client.query<{ from: number; to: number | null }>(
          `SELECT a.current_version AS "from", (SELECT max(v.number) FROM agent_versions v
             WHERE v.agent_id = a.id AND v.number < a.current_version AND ($2::int IS NULL OR v.number = $2)) AS "to"
           FROM agents a WHERE a.id = $1 FOR UPDATE`,
          [agentId, to],
        );
        const versions = rows[0];
        if (!versions || versions.to === null) return null;
        await client.query(
          `UPDATE agents a SET current_version = $2, updated_at = now(), rolled_back_digest =
             (SELECT digest FROM agent_versions WHERE agent_id = $1 ORDER BY number DESC LIMIT 1)
           WHERE a.id = $1`,
          [agentId, versions.to],
        );
        // Lock in the order of session ids, like all other statements, to avoid deadlocks.
        const open = await client.query<{ id: string }>(
          `SELECT id FROM sessions WHERE agent_id = $1 AND status = 'active' AND agent_version > $2
           ORDER BY id FOR UPDATE`,
          [agentId, versions.to],
        );
        const sessionIds = open.rows.map(({ id }) => id);
        await client.query(MOVE, [sessionIds, versions.to]);
        await client.query("DELETE FROM event_timers WHERE session_id = ANY($1)", [sessionIds]);
        return { from: versions.from, to: versions.to, sessionIds };
      });
    },

    /** The current version of every agent, by its id. */
    async current(): Promise<Map<string, number>> {
      const { rows } = await pool.query<{ id: string; version: number }>(
        "SELECT id, current_version AS version FROM agents",
      );
      return new Map(rows.map(({ id, version }) => [id, version]));
    },
  };
}

/** A version has its own event rules. The database checks a session's messages only if its version has some. */
const MOVE = `UPDATE sessions s SET agent_version = $2, updated_at = now(),
    watched = EXISTS (SELECT 1 FROM event_rules_of(s.agent_id, $2))
  WHERE s.id = ANY($1)`;
