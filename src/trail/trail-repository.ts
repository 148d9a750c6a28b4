import type { Pool } from "pg";
import type { AccessFacts } from "./describe-access.ts";
import type {
  AttachmentRow,
  DeliveryRow,
  FiringRow,
  HandoffFacts,
  IncidentRow,
  QuestionRow,
  ReplyRow,
  SessionFacts,
  TrailRows,
  TurnRow,
} from "./trail-rows.ts";

/**
 * Finds a message by its own id, or by that of an execution, a delivery or a session. For a session it is the newest
 * message.
 */
const ANCHOR = `
  SELECT m.id, m.session_id, m.seq, e.id AS execution_id, coalesce(e.merged_into, e.id) AS turn_id FROM (
    SELECT m.id, m.session_id, m.seq, m.execution_id FROM messages m WHERE m.id = $2
    UNION ALL SELECT m.id, m.session_id, m.seq, x.id FROM executions x JOIN messages m ON m.id = x.user_message_id
      WHERE x.id = $2
    UNION ALL SELECT m.id, m.session_id, m.seq, m.execution_id FROM deliveries d JOIN messages m ON m.id = d.message_id
      WHERE d.id = $2
    UNION ALL (SELECT m.id, m.session_id, m.seq, m.execution_id FROM messages m WHERE m.session_id = $2
      ORDER BY m.seq DESC LIMIT 1)) m
  JOIN sessions s ON s.id = m.session_id AND s.workspace_id = $1
  LEFT JOIN executions e ON e.id = m.execution_id LIMIT 1`;

const SESSION = `
  SELECT s.id, s.created_at AS "createdAt", s.status, s.single, s.external_id AS "externalKey", c.name AS channel, c.kind,
    a.slug AS agent, s.agent_version AS "agentVersion", coalesce(v.definition->'turns', '{}') AS turns,
    (SELECT jsonb_build_object('id', p.id, 'endReason', p.end_reason) FROM sessions p
      WHERE p.channel_id = s.channel_id AND p.user_id = s.user_id AND p.next_id = s.id LIMIT 1) AS previous,
    coalesce(s.lease_expires_at > now(), false) AS "isLeased",
    CASE WHEN c.paused_until > now() THEN c.paused_until END AS "pausedUntil"
  FROM sessions s JOIN channels c ON c.id = s.channel_id JOIN agents a ON a.id = s.agent_id
  JOIN agent_versions v ON v.agent_id = s.agent_id AND v.number = s.agent_version WHERE s.id = $1`;

const KEYS = `ARRAY(SELECT k.event_key FROM inbound_events k WHERE k.message_id = m.id ORDER BY 1)`;

const QUESTION_COLUMNS = `m.id, m.seq, m.origin, m.content, m.created_at AS "createdAt", m.sent_at AS "sentAt", m.author,
  m.message_references AS "references", m.gather_until IS NOT NULL AS "collectsParts", m.listened_at AS "listenedAt",
  m.metadata->'transcription' AS transcription, m.metadata->>'edited_at' AS "editedAt",
  m.metadata->>'late_edit_at' AS "lateEditAt", ${KEYS} AS keys`;

/** The messages that a turn answers: its own message, and those that were merged into it. */
const QUESTIONS = `
  SELECT ${QUESTION_COLUMNS}, e.id AS "executionId",
    e.merged_into AS "mergedInto"
  FROM executions e JOIN messages m ON m.id = e.user_message_id
  WHERE e.session_id = $1 AND (e.id = $2 OR e.merged_into = $2) ORDER BY m.seq`;

const TURN = `
  SELECT id, user_message_id AS "userMessageId", traceparent, seq, status, attempts, error_code AS "errorCode", error, cancel_requested_at AS "cancelRequestedAt",
    total_tokens AS "totalTokens", created_at AS "createdAt", started_at AS "startedAt", ended_at AS "endedAt"
  FROM executions WHERE id = $1`;

const PREVIOUS_TURN = `
  SELECT e.id, e.ended_at AS "endedAt" FROM executions e
  WHERE e.session_id = $1 AND e.seq < $2 AND e.merged_into IS NULL AND (e.ended_at IS NULL OR e.ended_at > $3)
  ORDER BY e.seq DESC LIMIT 1`;

const REPLIES = `
  SELECT m.id, m.origin, m.content, m.created_at AS "createdAt", ${KEYS} AS keys, m.traceparent,
    CASE WHEN m.author ? 'via' THEN m.author->>'name' END AS person FROM messages m
  WHERE m.session_id = $1 AND m.role = 'assistant' AND CASE WHEN $2::text IS NULL THEN m.id = $3
    ELSE m.turn_seq = $4 AND m.execution_id = $2 END ORDER BY m.seq`;

const HANDOFF = `
  SELECT h.id, h.reason, h.holder_name AS "holderName", h.holder_via AS "holderVia", h.requested_at AS "requestedAt",
    h.taken_at AS "takenAt", h.released_at AS "releasedAt"
  FROM handoffs h WHERE h.session_id = $1 AND h.from_seq <= $2 AND (h.until_seq IS NULL OR h.until_seq > $2)
  ORDER BY h.from_seq DESC, h.requested_at DESC LIMIT 1`;

const DELIVERIES = `
  SELECT d.id, d.message_id AS "messageId",
    CASE WHEN d.handoff_id IS NOT NULL THEN (SELECT c.name FROM channels c WHERE c.id = d.channel_id) END AS "deskChannel", d.part, d.status, d.attempts, d.error_code AS "errorCode", d.error,
    d.possible_duplicate AS "possibleDuplicate", d.created_at AS "createdAt", d.updated_at AS "updatedAt",
    d.sent_at AS "sentAt", d.next_attempt_at AS "nextAttemptAt",
    (SELECT jsonb_build_object('id', b.id, 'status', b.status, 'settledAt', coalesce(b.sent_at, b.updated_at))
      FROM deliveries b WHERE b.session_id = d.session_id AND b.address = d.address AND b.ordinal < d.ordinal
        AND b.message_id IS DISTINCT FROM d.message_id
        AND (b.status IN ('queued', 'sending') OR coalesce(b.sent_at, b.updated_at) > d.created_at)
      ORDER BY b.ordinal DESC LIMIT 1) AS "blockedBy"
  FROM deliveries d WHERE d.message_id = ANY($1) ORDER BY d.ordinal`;

/** The request for access of a message. Also found by its own id, or by the id of its delivery. */
const ACCESS = `
  SELECT r.id, c.name AS channel, r.message_ids AS "messageIds", r.invite, r.unkept, r.requested_at AS "requestedAt",
    r.expires_at AS "expiresAt", r.decided_at AS "decidedAt", r.by_name AS "byName", r.by_via AS "byVia",
    CASE WHEN r.state = 'waiting' AND r.expires_at <= now() THEN 'expired' ELSE r.state END AS state,
    (SELECT jsonb_build_object('id', d.id, 'status', d.status, 'error', d.error) FROM deliveries d
      WHERE d.access_request_id = r.id AND d.desk_part IS NULL ORDER BY d.ordinal LIMIT 1) AS notice
  FROM access_requests r JOIN channels c ON c.id = r.channel_id
  WHERE r.workspace_id = $1 AND (r.id = $2 OR r.message_ids @> ARRAY[$2::text]
    OR r.identifier = $2 AND r.state = 'waiting'
    OR r.id = (SELECT d.access_request_id FROM deliveries d WHERE d.id = $2))
  ORDER BY r.requested_at DESC LIMIT 1`;

const INCIDENTS = `
  SELECT subject_id AS "subjectId", attempt, code, reason, outcome, next_at AS "nextAt", at
  FROM incidents WHERE session_id = $1 AND subject_id = ANY($2) ORDER BY id`;

const FIRINGS = `
  SELECT id, event, rule, status, reason, results, created_at AS "createdAt", ended_at AS "endedAt"
  FROM event_log WHERE session_id = $1 AND data->>'message_id' = ANY($2) ORDER BY ordinal`;

const ATTACHMENTS = `
  SELECT id, name, state, error, created_at AS "createdAt", updated_at AS "updatedAt"
  FROM attachments WHERE message_id = ANY($1) ORDER BY message_id, place`;

/** Reads the recorded history of a message. It uses raw SQL, because it reads most tables, each with an index. */
export function createTrailRepository(pool: Pool) {
  const all = async <T extends object>(text: string, values: unknown[]): Promise<T[]> =>
    (await pool.query<T>(text, values)).rows;

  return {
    /** The request of a message that is in no session, because its sender has no access. */
    async held(workspaceId: string, id: string): Promise<AccessFacts | null> {
      const [request] = await all<AccessFacts>(ACCESS, [workspaceId, id]);
      return request ?? null;
    },

    /**
     * Finds the history by the id of a message, execution, delivery or session. Null if the workspace has no such id.
     */
    async read(workspaceId: string, id: string): Promise<TrailRows | null> {
      const [anchor] = await all<{ id: string; session_id: string; turn_id: string | null }>(ANCHOR, [
        workspaceId,
        id,
      ]);
      if (anchor === undefined) return null;
      const { session_id: sessionId, turn_id: turnId } = anchor;
      const [[session], [turn], questions] = await Promise.all([
        all<SessionFacts>(SESSION, [sessionId]),
        all<TurnRow>(TURN, [turnId]),
        turnId === null ? singleQuestion(anchor.id) : all<QuestionRow>(QUESTIONS, [sessionId, turnId]),
      ]);
      if (session === undefined) return null;
      const first = questions[0];
      const [previousTurn, replies, handoffs, access] = await Promise.all([
        turn === undefined || first === undefined
          ? []
          : all<{ id: string; endedAt: Date | null }>(PREVIOUS_TURN, [sessionId, first.seq, first.createdAt]),
        all<ReplyRow>(REPLIES, [sessionId, turnId, anchor.id, turn?.seq ?? null]),
        first === undefined ? [] : all<HandoffFacts>(HANDOFF, [sessionId, first.seq]),
        first === undefined ? [] : all<AccessFacts>(ACCESS, [workspaceId, first.id]),
      ]);
      const messageIds = [...questions, ...replies].map((message) => message.id);
      const [deliveries, firings, attachments] = await Promise.all([
        all<DeliveryRow>(DELIVERIES, [messageIds]),
        all<FiringRow>(FIRINGS, [sessionId, messageIds]),
        all<AttachmentRow>(ATTACHMENTS, [messageIds]),
      ]);
      const subjects = [...(turnId === null ? [] : [turnId]), ...deliveries.map((delivery) => delivery.id)];
      return {
        messageId: anchor.id,
        session,
        questions,
        turn: turn ?? null,
        previousTurn: previousTurn[0] ?? null,
        replies,
        deliveries: deliveries.map(withTime),
        incidents: await all<IncidentRow>(INCIDENTS, [sessionId, subjects]),
        firings,
        handoff: handoffs[0] ?? null,
        access: access[0] ?? null,
        attachments,
      };
    },
  };

  /** A message without a bot run: a command, or an upload that needs no answer. */
  function singleQuestion(messageId: string): Promise<QuestionRow[]> {
    return all<QuestionRow>(
      `SELECT ${QUESTION_COLUMNS}, NULL AS "executionId", NULL AS "mergedInto"
       FROM messages m WHERE m.id = $1 AND m.role NOT IN ('assistant', 'tool')`,
      [messageId],
    );
  }
}

/** Converts a time from text, because JSON has no type for times. */
function withTime(row: DeliveryRow): DeliveryRow {
  return row.blockedBy === null
    ? row
    : { ...row, blockedBy: { ...row.blockedBy, settledAt: new Date(row.blockedBy.settledAt) } };
}
