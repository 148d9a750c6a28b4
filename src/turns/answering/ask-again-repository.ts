import type { Pool, PoolClient } from "pg";
import { inTransaction } from "../../storage/transaction.ts";

/** The result of asking the bot again. Only `asked` changed anything. */
export type AskedAgain =
  | { kind: "asked"; executionId: string; sessionId: string; channelId: string }
  | { kind: "gone" }
  | { kind: "not_failed"; status: string }
  /** The message has a later execution, or the session has a later message for the bot. */
  | { kind: "overtaken" }
  | { kind: "session_completed" }
  | { kind: "handoff" };

/** A request to ask the bot again. */
export interface Asking {
  workspaceId: string;
  /** The execution that failed. */
  id: string;
  /** The id of the new execution. A second request with the same id changes nothing. */
  newId: string;
}

const SESSION = `SELECT s.id, s.channel_id, s.status, s.handoff_id, s.inbound_seq, s.answered_seq
  FROM executions e JOIN sessions s ON s.id = e.session_id WHERE e.id = $2 AND e.workspace_id = $1 FOR UPDATE OF s`;
const FAILED = `SELECT e.status, e.seq, m.execution_id AS current
  FROM executions e LEFT JOIN messages m ON m.id = e.user_message_id WHERE e.id = $1`;

/**
 * The messages of the turn wait once more, each with a new execution. The failed one stays as it is. The lane is freed
 * under a new token, as at the end of a handoff.
 */
const ASK_AGAIN = `
  WITH again AS MATERIALIZED (
    SELECT m.id AS message_id, e.workspace_id, e.seq, CASE WHEN e.id = $2 THEN $3 ELSE new_ksuid() END AS run_id
    FROM executions e JOIN messages m ON m.id = e.user_message_id
    WHERE e.session_id = $1 AND (e.id = $2 OR e.merged_into = $2)),
  runs AS (
    INSERT INTO executions (id, workspace_id, session_id, user_message_id, seq)
    SELECT run_id, workspace_id, $1, message_id, seq FROM again),
  asked AS (UPDATE messages m SET execution_id = a.run_id FROM again a WHERE m.id = a.message_id)
  UPDATE sessions SET answered_seq = (SELECT min(seq) - 1 FROM again), waits = true, updated_at = now(),
    lease_token = lease_token + 1, lease_owner = NULL, lease_expires_at = NULL
  WHERE id = $1`;

interface SessionRow {
  id: string;
  channel_id: string;
  status: string;
  handoff_id: string | null;
  inbound_seq: number;
  answered_seq: number;
}

/**
 * Lets the bot answer the messages of a failed turn once more. Only the newest turn of an open session can be asked
 * again, because turns have the order of their messages.
 */
export function askAgain(pool: Pool, asking: Asking): Promise<AskedAgain> {
  const { workspaceId, id, newId } = asking;
  return inTransaction(pool, async (client): Promise<AskedAgain> => {
    const { rows } = await client.query<SessionRow>(SESSION, [workspaceId, id]);
    const session = rows[0];
    if (session === undefined) return { kind: "gone" };
    const asked = {
      kind: "asked",
      executionId: newId,
      sessionId: session.id,
      channelId: session.channel_id,
    } as const;
    const failed = await readFailed(client, id);
    if (failed.current === newId) return asked;
    if (failed.status !== "failed") return { kind: "not_failed", status: failed.status };
    if (failed.current !== id || isBehind(session, failed.seq)) return { kind: "overtaken" };
    if (session.status !== "active") return { kind: "session_completed" };
    if (session.handoff_id !== null) return { kind: "handoff" };
    await client.query(ASK_AGAIN, [session.id, id, newId]);
    return asked;
  });
}

/** True if the bot was asked something after this message. */
function isBehind(session: SessionRow, seq: number): boolean {
  return session.inbound_seq > seq || session.answered_seq < seq;
}

async function readFailed(client: PoolClient, id: string) {
  const { rows } = await client.query<{ status: string; seq: number; current: string | null }>(FAILED, [id]);
  const row = rows[0];
  if (row === undefined) throw new Error(`the execution ${id} is gone`);
  return row;
}
