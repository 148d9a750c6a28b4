import type { Pool, PoolClient } from "pg";
import type { JsonObject } from "../core/text/json.ts";
import { inTransaction } from "../storage/transaction.ts";
import {
  changeParticipantData,
  type ParticipantData,
  type ParticipantDataKey,
  readParticipantData,
} from "./participant-writes-repository.ts";

export type { ParticipantData };

export type NotFound = "user_not_found" | "agent_not_found" | "session_not_found";

export type WriteOutcome =
  | ({ kind: "written" } & ParticipantData)
  /** Another caller wrote after this caller had read. */
  | { kind: "changed"; revision: number }
  /** The anonymous visitor has no open session to which the data could belong. */
  | { kind: "no_open_session" }
  | { kind: NotFound };

/** Identifies the data of one user for one agent; `agent` is an id or a slug. */
export interface ParticipantRef {
  workspaceId: string;
  userId: string;
  agent: string;
  /** An anonymous visitor has data per session. Null: that of the most recently used open session. */
  sessionId: string | null;
}

/** Stores participant data. It outlives sessions, except for anonymous visitors. */
export function createParticipantDataRepository(pool: Pool) {
  return {
    async read(ref: ParticipantRef): Promise<ParticipantData | NotFound> {
      const scope = await findScope(pool, ref);
      return typeof scope === "string" ? scope : readParticipantData(pool, scope);
    },

    /**
     * Writes the result of `change`, one writer at a time.
     * @param expected returns true for revisions that the caller may overwrite. Null: any revision.
     */
    async write(
      ref: ParticipantRef,
      expected: ((revision: number) => boolean) | null,
      change: (data: JsonObject) => JsonObject,
    ): Promise<WriteOutcome> {
      return inTransaction(pool, async (client): Promise<WriteOutcome> => {
        const scope = await findScope(client, ref);
        if (typeof scope === "string") return { kind: scope };
        const written = await changeParticipantData(client, scope, ({ data, revision }) =>
          expected === null || expected(revision) ? change(data) : null,
        );
        if (written === null) return { kind: "no_open_session" };
        const { data, revision } = written;
        return written.changed ? { kind: "written", data, revision } : { kind: "changed", revision };
      });
    },
  };
}

async function findScope(
  database: Pool | PoolClient,
  ref: ParticipantRef,
): Promise<ParticipantDataKey | NotFound> {
  const { rows } = await database.query<{
    anonymous: boolean | null;
    agent_id: string | null;
    session_id: string | null;
  }>(
    `SELECT u.anonymous, a.id AS agent_id,
       (SELECT s.id FROM sessions s
        WHERE s.user_id = u.id AND s.agent_id = a.id AND s.status = 'active' AND ($4::text IS NULL OR s.id = $4)
        ORDER BY s.last_activity_at DESC, s.id DESC LIMIT 1) AS session_id
     FROM (SELECT 1) one
     LEFT JOIN users u ON u.workspace_id = $1 AND u.id = $2
     LEFT JOIN LATERAL (SELECT id FROM agents WHERE workspace_id = $1 AND (id = $3 OR slug = $3)
       ORDER BY id = $3 DESC LIMIT 1) a ON true`,
    [ref.workspaceId, ref.userId, ref.agent, ref.sessionId],
  );
  const row = rows[0];
  if (!row || row.anonymous === null) return "user_not_found";
  if (row.agent_id === null) return "agent_not_found";
  if (ref.sessionId !== null && row.session_id === null) return "session_not_found";
  return {
    userId: ref.userId,
    sessionId: row.anonymous ? row.session_id : null,
    agentId: row.agent_id,
  };
}
