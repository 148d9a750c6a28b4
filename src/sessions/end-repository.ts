import type { Pool, PoolClient } from "pg";
import { inTransaction } from "../storage/transaction.ts";
import { cancelWaiting } from "./waiting-repository.ts";

export type EndReason =
  | "user_reset"
  | "user"
  | "bot"
  | "api"
  | "event"
  | "operator"
  | "new_session"
  | "expired";

export interface SessionEnd {
  sessionId: string;
  reason: EndReason;
  /** True if the agent's rules for the end of a session fire; default: true. */
  triggerEvents?: boolean;
  /**
   * The lease of the turn that ends its own session. Absent: another caller, who takes the lease away, so the running
   * turn can no longer commit.
   */
  leaseToken?: number;
}

export interface EndedSession {
  id: string;
  workspaceId: string;
  channelId: string;
  agentId: string;
  userId: string | null;
  address: string | null;
}

/** Completes an active session. Null: another caller completed it first, or the lease is lost. */
export async function endSession(client: PoolClient, end: SessionEnd): Promise<EndedSession | null> {
  const { rows } = await client.query<{
    id: string;
    workspace_id: string;
    channel_id: string;
    agent_id: string;
    user_id: string | null;
    address: string | null;
  }>(
    `UPDATE sessions SET status = 'completed', end_reason = $2, end_events = $4, ended_at = now(), updated_at = now(),
       answered_seq = inbound_seq, lease_token = lease_token + 1, lease_owner = NULL, lease_expires_at = NULL
     WHERE id = $1 AND status = 'active' AND ($3::int IS NULL OR lease_token = $3)
     RETURNING id, workspace_id, channel_id, agent_id, user_id, address`,
    [end.sessionId, end.reason, end.leaseToken, end.triggerEvents ?? true],
  );
  const row = rows[0];
  if (!row) return null;
  await forgetAnonymous(client, row.id);
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    channelId: row.channel_id,
    agentId: row.agent_id,
    userId: row.user_id,
    address: row.address,
  };
}

/** The data of an anonymous visitor belongs to the session and ends with it. The visitor cannot return for it. */
async function forgetAnonymous(client: PoolClient, sessionId: string): Promise<void> {
  await client.query("DELETE FROM participant_data WHERE session_id = $1", [sessionId]);
  await client.query(
    `WITH over AS (
       UPDATE schedules SET status = 'cancelled', next_run_at = NULL, updated_at = now()
       WHERE session_id = $1 AND made_by = 'bot' AND status IN ('active', 'paused') RETURNING id)
     UPDATE schedule_runs r SET status = 'skipped', reason = 'the session has ended'
     FROM over WHERE r.schedule_id = over.id AND r.status = 'pending'`,
    [sessionId],
  );
}

/** Ends a session in a separate transaction. */
export async function completeSession(pool: Pool, end: SessionEnd): Promise<EndedSession | null> {
  return inTransaction(pool, async (client) => {
    const ended = await endSession(client, end);
    if (ended) await cancelWaiting(client, ended.id);
    return ended;
  });
}
