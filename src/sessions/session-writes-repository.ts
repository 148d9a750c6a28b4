import type { Pool } from "pg";
import { inTransaction } from "../storage/transaction.ts";
import { type NewSession, openNewSession, type SessionOpened } from "./new-session-repository.ts";
import { successorOf } from "./resolve-repository.ts";
import { type ChangeableSession, changeSession, type SessionChanges } from "./session-changes-repository.ts";

export type SessionWrites = ReturnType<typeof createSessionWritesRepository>;

/** Operations of API callers on sessions. */
export function createSessionWritesRepository(pool: Pool) {
  return {
    open: (session: NewSession): Promise<SessionOpened> => openNewSession(pool, session),

    change: (
      workspaceId: string,
      id: string,
      decide: (current: ChangeableSession) => SessionChanges,
    ): Promise<"changed" | "gone" | "external_id_taken"> => changeSession(pool, { workspaceId, id }, decide),

    /** Deletes a session with everything in it. */
    async remove(workspaceId: string, id: string): Promise<boolean> {
      const { rowCount } = await pool.query("DELETE FROM sessions WHERE workspace_id = $1 AND id = $2", [
        workspaceId,
        id,
      ]);
      return rowCount === 1;
    },

    /** The open session that follows a completed one; opens it if there is none. Null: the session does not exist. */
    successor(sessionId: string): Promise<string | null> {
      return inTransaction(pool, (client) => successorOf(client, sessionId));
    },
  };
}
