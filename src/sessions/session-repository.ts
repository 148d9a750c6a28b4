import type { Pool, PoolClient } from "pg";
import type { JsonObject } from "../core/json.ts";
import { inTransaction } from "../storage/transaction.ts";

export type EndReason =
  | "user_reset"
  | "user"
  | "bot"
  | "api"
  | "event"
  | "operator"
  | "new_session"
  | "expired";

/** Who may end the session: its own turn, under the lease, or anybody else, whose act the turn then loses to. */
export type EndAuthority = { leaseToken: number } | "any";

export interface EndedSession {
  id: string;
  workspaceId: string;
  channelId: string;
  agentId: string;
  userId: string | null;
  address: string | null;
}

export interface OpenedSession extends EndedSession {
  agentVersion: number;
  metadata: JsonObject;
  /** The lane of the new session, taken if messages wait in it already. */
  leaseToken: number | null;
  noticeDeliveryIds: string[];
}

export interface ResetRequest {
  sessionId: string;
  reason: EndReason;
  authority: EndAuthority;
  /** Whether the agent's rules for the end of a session fire; default: yes. */
  triggerEvents?: boolean;
  /** Null: the current one of the session's agent. */
  agentVersion: number | null;
  newSessionId: string;
  /** Messages behind this seq move to the new session; null: they are cancelled with the old one. */
  commandSeq: number | null;
  /** What the new session says first, in the parts it travels in; not history. Null: nothing. */
  notice: { messageId: string; content: string; deliveries: { id: string; content: string }[] } | null;
  lease: { owner: string; leaseMs: number } | null;
}

/** Completes an active session; null if it was not active any more (or the lease is lost): somebody else was first. */
export async function endSession(
  client: PoolClient,
  end: { sessionId: string; reason: EndReason; authority: EndAuthority; triggerEvents?: boolean },
): Promise<EndedSession | null> {
  const token = end.authority === "any" ? null : end.authority.leaseToken;
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
    [end.sessionId, end.reason, token, end.triggerEvents ?? true],
  );
  const row = rows[0];
  if (!row) return null;
  await forgetAnonymous(client, { userId: row.user_id, agentId: row.agent_id });
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    channelId: row.channel_id,
    agentId: row.agent_id,
    userId: row.user_id,
    address: row.address,
  };
}

/** What an agent knows of an anonymous user goes with the user's last open session: nobody could come back for it. */
export async function forgetAnonymous(
  client: PoolClient,
  of: { userId: string | null; agentId: string },
): Promise<void> {
  if (of.userId === null) return;
  await client.query(
    `DELETE FROM participant_data p USING users u
     WHERE p.user_id = $1 AND p.agent_id = $2 AND u.id = p.user_id AND u.anonymous AND NOT EXISTS (
       SELECT 1 FROM sessions s WHERE s.user_id = $1 AND s.agent_id = $2 AND s.status = 'active')`,
    [of.userId, of.agentId],
  );
}

/** What still waited in an ended session is not answered; its executions say why. */
async function cancelWaiting(client: PoolClient, sessionId: string): Promise<void> {
  await client.query(
    `UPDATE executions SET status = 'cancelled', ended_at = now(), error_code = 'session_ended',
       error = 'the session ended before this message was answered'
     WHERE session_id = $1 AND status IN ('pending', 'running')`,
    [sessionId],
  );
}

/**
 * Ends a session within a turn's own transaction. What still waits was written before the user could know: it opens
 * the next session and is answered there.
 */
export async function completeInTransaction(
  client: PoolClient,
  end: { sessionId: string; reason: EndReason; newSessionId: string; afterSeq: number },
): Promise<EndedSession | null> {
  const ended = await endSession(client, { ...end, authority: "any" });
  if (!ended) return null;
  const { rowCount } = await client.query(
    `SELECT 1 FROM messages WHERE session_id = $1 AND seq > $2 AND origin IN ('user', 'command', 'instruction') LIMIT 1`,
    [end.sessionId, end.afterSeq],
  );
  if (rowCount) {
    await openNext(client, end.sessionId, end.newSessionId, null);
    await moveWaiting(client, end.sessionId, end.newSessionId, end.afterSeq);
  }
  return ended;
}

/**
 * A session like the one before it, without its history, and linked to it. Where sessions come and go by themselves, its
 * metadata is what was said of that conversation; elsewhere whoever opened it knows it by that. A null version: the
 * agent's current one.
 */
async function openNext(
  client: PoolClient,
  sessionId: string,
  newSessionId: string,
  agentVersion: number | null,
): Promise<number> {
  const { rows } = await client.query<{ agent_version: number }>(
    `WITH linked AS (UPDATE sessions SET next_id = $2 WHERE id = $1)
     INSERT INTO sessions (id, workspace_id, agent_id, agent_version, channel_id, user_id, single, external_id, address,
       situation, render_templates, variables, metadata)
     SELECT $2, s.workspace_id, s.agent_id, coalesce($3, a.current_version), s.channel_id, s.user_id, s.single,
       s.external_id, s.address, s.situation, s.render_templates, s.variables,
       CASE WHEN s.single THEN '{}' ELSE s.metadata END
     FROM sessions s JOIN agents a ON a.id = s.agent_id WHERE s.id = $1 RETURNING agent_version`,
    [sessionId, newSessionId, agentVersion],
  );
  const opened = rows[0];
  if (!opened) throw new Error(`session ${sessionId} is gone while it is followed by another`);
  return opened.agent_version;
}

/** Ends a session in a transaction of its own. */
export async function completeSession(
  pool: Pool,
  end: { sessionId: string; reason: EndReason; authority: EndAuthority; triggerEvents?: boolean },
): Promise<EndedSession | null> {
  return inTransaction(pool, async (client) => {
    const ended = await endSession(client, end);
    if (ended) await cancelWaiting(client, ended.id);
    return ended;
  });
}

/**
 * The one way a session is reset: the old one is completed and the next one opened in one transaction, so that of
 * parallel calls exactly one does it and a message that arrives meanwhile lands in one of the two. Null: the session
 * was not active any more.
 */
export async function resetSession(pool: Pool, reset: ResetRequest): Promise<OpenedSession | null> {
  return inTransaction(pool, (client) => resetInTransaction(client, reset));
}

/** The same within a transaction that does more. */
export async function resetInTransaction(
  client: PoolClient,
  reset: ResetRequest,
): Promise<OpenedSession | null> {
  const ended = await endSession(client, reset);
  if (!ended) return null;
  const agentVersion = await openNext(client, reset.sessionId, reset.newSessionId, reset.agentVersion);
  const noticeDeliveryIds = reset.notice
    ? await sendNotice(client, reset.newSessionId, ended, reset.notice)
    : [];
  const moved =
    reset.commandSeq === null
      ? 0
      : await moveWaiting(client, reset.sessionId, reset.newSessionId, reset.commandSeq);
  await cancelWaiting(client, reset.sessionId);
  const { rows } = await client.query<{ lease_token: number; metadata: JsonObject }>(
    `UPDATE sessions SET lease_token = CASE WHEN $2::text IS NULL THEN lease_token ELSE lease_token + 1 END,
       lease_owner = $2, lease_expires_at = CASE WHEN $2::text IS NOT NULL
         THEN now() + $3::int * interval '1 millisecond' END
     WHERE id = $1 RETURNING lease_token, metadata`,
    [reset.newSessionId, moved > 0 ? (reset.lease?.owner ?? null) : null, reset.lease?.leaseMs ?? 0],
  );
  return {
    ...ended,
    id: reset.newSessionId,
    agentVersion,
    metadata: rows[0]?.metadata ?? {},
    leaseToken: moved > 0 && reset.lease ? (rows[0]?.lease_token ?? null) : null,
    noticeDeliveryIds,
  };
}

async function sendNotice(
  client: PoolClient,
  sessionId: string,
  ended: EndedSession,
  notice: NonNullable<ResetRequest["notice"]>,
): Promise<string[]> {
  await client.query(
    `WITH lane AS (UPDATE sessions SET next_seq = next_seq + 1, answered_seq = next_seq, inbound_seq = next_seq
       WHERE id = $1 RETURNING next_seq - 1 AS seq)
     INSERT INTO messages (id, session_id, seq, turn_seq, role, origin, content)
     SELECT $2, $1, seq, seq, 'assistant', 'notice', $3 FROM lane`,
    [sessionId, notice.messageId, notice.content],
  );
  for (const [part, delivery] of notice.deliveries.entries()) {
    await client.query(
      `INSERT INTO deliveries (id, workspace_id, channel_id, session_id, message_id, address, part, content)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [
        delivery.id,
        ended.workspaceId,
        ended.channelId,
        sessionId,
        notice.messageId,
        ended.address ?? sessionId,
        part,
        delivery.content,
      ],
    );
  }
  return notice.deliveries.map((delivery) => delivery.id);
}

/** Messages that arrived behind the reset, before it was carried out, belong to the new session. */
async function moveWaiting(
  client: PoolClient,
  fromSession: string,
  toSession: string,
  behindSeq: number,
): Promise<number> {
  const { rowCount } = await client.query(
    `WITH waiting AS (
       SELECT m.id, m.execution_id, row_number() OVER (ORDER BY m.seq) AS place FROM messages m
       WHERE m.session_id = $1 AND m.seq > $3 AND m.origin IN ('user', 'command', 'instruction')),
     counted AS (SELECT count(*)::int AS count FROM waiting),
     lane AS (
       UPDATE sessions s SET next_seq = s.next_seq + c.count, inbound_seq = s.next_seq + c.count - 1
       FROM counted c WHERE s.id = $2 AND c.count > 0 RETURNING s.next_seq - c.count - 1 AS before),
     runs AS (
       UPDATE executions e SET session_id = $2, seq = lane.before + w.place
       FROM waiting w, lane WHERE e.id = w.execution_id),
     files AS (
       UPDATE attachments a SET session_id = $2 FROM waiting w, lane WHERE a.message_id = w.id)
     UPDATE messages m SET session_id = $2, seq = lane.before + w.place, turn_seq = lane.before + w.place
     FROM waiting w, lane WHERE m.id = w.id`,
    [fromSession, toSession, behindSeq],
  );
  return rowCount ?? 0;
}
