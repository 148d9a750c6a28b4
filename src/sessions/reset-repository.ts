import type { Pool, PoolClient } from "pg";
import type { Answered } from "../core/message/outbound.ts";
import type { JsonObject } from "../core/text/json.ts";
import { inTransaction } from "../storage/transaction.ts";
import { appendDeliveries, appendMessage } from "./append-repository.ts";
import { type EndedSession, endSession, type SessionEnd } from "./end-repository.ts";
import { openNext } from "./open-repository.ts";
import { cancelWaiting, moveWaiting } from "./waiting-repository.ts";

export interface OpenedSession extends EndedSession {
  agentVersion: number;
  metadata: JsonObject;
  /** Lease token of the new session; set if messages wait in it already. */
  leaseToken: number | null;
  noticeDeliveryIds: string[];
}

export interface ResetRequest extends SessionEnd {
  newSessionId: string;
  /** Messages after this seq move to the new session. Absent: they are cancelled with the old one. */
  commandSeq?: number;
  /** The first message of the new session, split into parts for sending. It is not part of the history. */
  notice?: {
    messageId: string;
    content: string;
    deliveries: { id: string; content: string }[];
    /** The command that it answers; absent if the reset had another cause. */
    answers?: Answered | null;
  };
  /** The process that answers the moved messages. */
  lease?: { owner: string; leaseMs: number };
}

/**
 * The only way to reset a session. One transaction completes the old session and opens the next one. So exactly one of
 * several parallel calls succeeds. A message that arrives meanwhile belongs to one of the two sessions. Null: the
 * session was not active any more.
 */
export async function resetSession(pool: Pool, reset: ResetRequest): Promise<OpenedSession | null> {
  return inTransaction(pool, (client) => resetInTransaction(client, reset));
}

/** The session opened by a reset whose answer was lost. Null: the reset was not carried out. */
export async function openedBefore(pool: Pool, reset: ResetRequest): Promise<OpenedSession | null> {
  const { rows } = await pool.query<
    Omit<OpenedSession, "noticeDeliveryIds"> // The columns have the names of its fields.
  >(
    `SELECT id, workspace_id AS "workspaceId", channel_id AS "channelId", agent_id AS "agentId", user_id AS "userId",
       address, agent_version AS "agentVersion", metadata, CASE WHEN lease_owner = $2 THEN lease_token END AS "leaseToken"
     FROM sessions WHERE id = $1`,
    [reset.newSessionId, reset.lease?.owner ?? null],
  );
  const [opened] = rows;
  const noticeDeliveryIds = reset.notice?.deliveries.map(({ id }) => id) ?? [];
  return opened ? { ...opened, noticeDeliveryIds } : null;
}

/** The same within a larger transaction. */
export async function resetInTransaction(
  client: PoolClient,
  reset: ResetRequest,
): Promise<OpenedSession | null> {
  const ended = await endSession(client, reset);
  if (!ended) return null;
  const agentVersion = await startOver(client, reset.sessionId, reset.newSessionId);
  const noticeDeliveryIds = reset.notice ? await sendNotice(client, reset.newSessionId, reset.notice) : [];
  const moved =
    reset.commandSeq === undefined
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

/**
 * Ends a session within a turn's own transaction. The user wrote the waiting messages before they could know of the
 * end. So those messages open the next session and are answered there.
 */
export async function completeInTransaction(
  client: PoolClient,
  end: SessionEnd & { newSessionId: string; afterSeq: number },
): Promise<EndedSession | null> {
  const ended = await endSession(client, end);
  if (!ended) return null;
  const { rowCount } = await client.query(
    `SELECT 1 FROM messages WHERE session_id = $1 AND seq > $2 AND origin IN ('user', 'command', 'instruction') LIMIT 1`,
    [end.sessionId, end.afterSeq],
  );
  if (rowCount) {
    await startOver(client, end.sessionId, end.newSessionId);
    await moveWaiting(client, end.sessionId, end.newSessionId, end.afterSeq);
  }
  return ended;
}

/**
 * Opens the session that starts over. On channels with one session per user, metadata describes the old conversation and
 * is not copied. On other channels it is copied, because the caller who opened the session identifies it by metadata.
 */
async function startOver(client: PoolClient, sessionId: string, id: string): Promise<number> {
  const version = await openNext(client, sessionId, { id, keepsMetadata: "if_many" });
  if (version === null)
    throw new Error(`another session is open instead of the one that follows ${sessionId}`);
  return version;
}

async function sendNotice(
  client: PoolClient,
  sessionId: string,
  { messageId, content, deliveries, answers = null }: NonNullable<ResetRequest["notice"]>,
): Promise<string[]> {
  const stored = await appendMessage(client, sessionId, { id: messageId, origin: "notice", content });
  const parts = deliveries.map((delivery) => ({ ...delivery, buttons: null }));
  return appendDeliveries(client, stored, parts, { answers });
}
