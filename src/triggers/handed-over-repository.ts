import type { Pool } from "pg";
import { sessionKey } from "../sessions/session-key.ts";

/** Another agent to which a rule handed a user, and the open session that is there now. */
export interface HandedTo {
  agentId: string;
  sessionId: string;
}

/** The agent that has a user's conversation in the place of this one; null if none has. */
export async function handedToAnother(pool: Pool, userId: string, agentId: string): Promise<HandedTo | null> {
  const { rows } = await pool.query<{ agent_id: string; session_id: string }>(
    `SELECT s.agent_id, s.id AS session_id FROM users u
     JOIN sessions s ON s.channel_id = u.channel_id AND s.agent_id = u.handed_to AND ${sessionKey("s")} = u.id
       AND s.status = 'active'
     WHERE u.id = $1 AND u.handed_to <> $2`,
    [userId, agentId],
  );
  const row = rows[0];
  return row === undefined ? null : { agentId: row.agent_id, sessionId: row.session_id };
}
