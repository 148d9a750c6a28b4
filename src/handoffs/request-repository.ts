import type { PoolClient } from "pg";
import { newId } from "../core/ids.ts";
import type { ReplyLimits } from "../core/message/reply-parts.ts";
import { HANDOFF_CODE, type HandoffSettings } from "../core/session/handoff-settings.ts";
import { storableText } from "../core/text/text.ts";
import { planCard } from "./desk-card-repository.ts";
import type { DeskPlace, Handoff, HandoffSource } from "./handoff.ts";
import { type HandoffRow, lockSession, readHandoff, toHandoff } from "./handoff-rows-repository.ts";
import { say } from "./say-repository.ts";

export interface HandoffRequest {
  id: string;
  sessionId: string;
  source: HandoffSource;
  reason: string | null;
  desk: string | null;
  /** Null: no channel of this process shows the desk. */
  deskPlace: DeskPlace | null;
  note: string | null;
  /** The user's message that asks for a person. It counts only while it waits for an answer. Null: another source. */
  messageId: string | null;
  settings: HandoffSettings;
  limits: ReplyLimits;
}

/** The result of a commit, and the work that follows it. */
export interface Changed {
  handoff: Handoff;
  sessionId: string;
  channelId: string;
  deliveryIds: string[];
  /** Executions that the handoff cancelled. */
  cancelled: string[];
  /** True if a reset or a message waits for the bot. */
  waits: boolean;
}

export type Requested =
  | ({ kind: "requested" } & Changed)
  /** A handoff is open already. */
  | { kind: "open"; handoff: Handoff }
  /** The message that asks for a person no longer waits. */
  | { kind: "settled" }
  | { kind: "session_completed" }
  | { kind: "session_gone" };

/**
 * The fence. This commit changes the lease token, so no turn that began before it can commit anything. The bot does not
 * answer waiting messages. New messages are stored without an execution.
 */
export async function requestHandoff(client: PoolClient, request: HandoffRequest): Promise<Requested> {
  const session = await lockSession(client, request.sessionId);
  if (!session) return { kind: "session_gone" };
  if (session.handoff) return { kind: "open", handoff: toHandoff(session.handoff) };
  if (session.status !== "active") return { kind: "session_completed" };
  if (request.messageId !== null && !(await waits(client, request.messageId))) return { kind: "settled" };
  await insertHandoff(client, session.id, request);
  // A waiting reset is still carried out. Messages behind it belong to the next session.
  const { rows } = await client.query<{ answered_seq: number; waits: boolean }>(
    `UPDATE sessions s SET handoff_id = $2, lease_token = lease_token + 1, lease_owner = NULL, lease_expires_at = NULL,
       updated_at = now(), answered_seq = coalesce((SELECT min(m.seq) - 1 FROM messages m
         WHERE m.session_id = s.id AND m.seq > s.answered_seq AND m.origin = 'command'), s.inbound_seq)
     WHERE id = $1 RETURNING answered_seq, inbound_seq > answered_seq AS waits`,
    [session.id, request.id],
  );
  const cancelled = await client.query<{ id: string }>(
    `UPDATE executions SET status = 'cancelled', ended_at = now(), error_code = '${HANDOFF_CODE}',
       error = 'a person answers this conversation'
     WHERE session_id = $1 AND seq <= $2 AND status IN ('pending', 'running') RETURNING id`,
    [session.id, rows[0]?.answered_seq ?? 0],
  );
  const { requested } = request.settings.texts;
  const notice = { messageId: newId(), origin: "notice", content: requested ?? "", author: null } as const;
  const deliveryIds = requested === null ? [] : await say(client, session, notice, request.limits);
  if (request.deskPlace !== null) await planCard(client, request.id);
  return {
    kind: "requested",
    handoff: toHandoff(await readHandoff(client, request.id)),
    sessionId: session.id,
    channelId: session.channelId,
    deliveryIds,
    cancelled: cancelled.rows.map(({ id }) => id),
    waits: rows[0]?.waits ?? false,
  };
}

async function insertHandoff(client: PoolClient, sessionId: string, request: HandoffRequest): Promise<void> {
  await client.query(
    `INSERT INTO handoffs (id, workspace_id, session_id, source, reason, desk, note, message_id, idle_ms, idle_at,
       desk_channel_id, desk_conversation, from_seq)
     SELECT $1, s.workspace_id, s.id, $3, $4, $5, $6, $7, $8, now() + $8::bigint * interval '1 millisecond', $9, $10,
       CASE WHEN s.inbound_seq > s.answered_seq THEN s.answered_seq + 1 ELSE s.next_seq END
     FROM sessions s WHERE s.id = $2`,
    [
      request.id,
      sessionId,
      request.source,
      request.reason && storableText(request.reason),
      request.desk,
      request.note && storableText(request.note),
      request.messageId,
      request.settings.idleMs,
      request.deskPlace?.channelId ?? null,
      request.deskPlace?.conversation ?? null,
    ],
  );
}

async function waits(client: PoolClient, messageId: string): Promise<boolean> {
  const { rowCount } = await client.query(
    `SELECT 1 FROM messages m JOIN executions e ON e.id = m.execution_id
     WHERE m.id = $1 AND e.status IN ('pending', 'running')`,
    [messageId],
  );
  return rowCount === 1;
}

/** The work that follows a changed handoff. */
export function changed(
  row: HandoffRow,
  session: { id: string; channelId: string },
  moved: Partial<Pick<Changed, "deliveryIds" | "waits">>,
): Changed {
  return {
    handoff: toHandoff(row),
    sessionId: session.id,
    channelId: session.channelId,
    deliveryIds: moved.deliveryIds ?? [],
    cancelled: [],
    waits: moved.waits ?? false,
  };
}
