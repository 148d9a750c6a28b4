import type { Pool, PoolClient } from "pg";
import type { JsonObject } from "../core/json.ts";
import { inTransaction } from "../storage/transaction.ts";

/** What is kept of a user for an agent. Revision 0: nothing was written yet. */
export interface ParticipantData {
  data: JsonObject;
  revision: number;
}

export type WriteOutcome =
  | ({ kind: "written" } & ParticipantData)
  /** Somebody wrote since the caller read. */
  | { kind: "changed"; revision: number }
  | { kind: "user_not_found" }
  | { kind: "agent_not_found" };

/** Names the data of one user for one agent; `agent` is an id or a slug. */
export interface ParticipantRef {
  workspaceId: string;
  userId: string;
  agent: string;
}

/** Participant data as rows: what survives sessions. */
export function createParticipantDataRepository(pool: Pool) {
  return {
    async read(ref: ParticipantRef): Promise<ParticipantData | "user_not_found" | "agent_not_found"> {
      const scope = await findScope(pool, ref);
      if (typeof scope === "string") return scope;
      const { rows } = await pool.query<ParticipantData>(
        "SELECT data, revision FROM participant_data WHERE user_id = $1 AND agent_id = $2",
        [ref.userId, scope.agentId],
      );
      return rows[0] ?? { data: {}, revision: 0 };
    },

    /**
     * Writes what `change` makes of the present data, one writer at a time.
     * @param expected revisions the caller may overwrite; null: any.
     */
    async write(
      ref: ParticipantRef,
      expected: ((revision: number) => boolean) | null,
      change: (data: JsonObject) => JsonObject,
    ): Promise<WriteOutcome> {
      return inTransaction(pool, async (client): Promise<WriteOutcome> => {
        const scope = await findScope(client, ref);
        if (typeof scope === "string") return { kind: scope };
        const key = [ref.userId, scope.agentId];
        // The row is made first, so that there is one to lock; revision 0 is only ever seen inside this transaction.
        await client.query(
          "INSERT INTO participant_data (user_id, agent_id, revision) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING",
          key,
        );
        const { rows } = await client.query<ParticipantData>(
          "SELECT data, revision FROM participant_data WHERE user_id = $1 AND agent_id = $2 FOR UPDATE",
          key,
        );
        const present = rows[0] ?? { data: {}, revision: 0 };
        if (expected !== null && !expected(present.revision)) {
          if (present.revision === 0) {
            await client.query("DELETE FROM participant_data WHERE user_id = $1 AND agent_id = $2", key);
          }
          return { kind: "changed", revision: present.revision };
        }
        const data = change(present.data);
        const revision = present.revision + 1;
        await client.query(
          `UPDATE participant_data SET data = $3, revision = $4, updated_at = now()
           WHERE user_id = $1 AND agent_id = $2`,
          [...key, JSON.stringify(data), revision],
        );
        return { kind: "written", data, revision };
      });
    },
  };
}

async function findScope(
  database: Pool | PoolClient,
  ref: ParticipantRef,
): Promise<{ agentId: string } | "user_not_found" | "agent_not_found"> {
  const { rows } = await database.query<{ known: boolean; agent_id: string | null }>(
    `SELECT EXISTS (SELECT 1 FROM users WHERE workspace_id = $1 AND id = $2) AS known,
       (SELECT id FROM agents WHERE workspace_id = $1 AND (id = $3 OR slug = $3)
        ORDER BY id = $3 DESC LIMIT 1) AS agent_id`,
    [ref.workspaceId, ref.userId, ref.agent],
  );
  const row = rows[0];
  if (!row?.known) return "user_not_found";
  return row.agent_id === null ? "agent_not_found" : { agentId: row.agent_id };
}
