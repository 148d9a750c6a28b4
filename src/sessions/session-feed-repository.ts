import type { Pool } from "pg";
import { ATTACHMENTS_OF, type AttachmentRow, toAttachment } from "../attachments/attachment-rows.ts";
import {
  NOT_SHOWN,
  SHOWN_ROLES,
  toVisitorFeedback,
  toVisitorMessage,
  type VisitorMessage,
} from "./visitor-message.ts";

/** The changes of a session for a follower who has seen it up to some seq. */
export interface FeedPage {
  status: string;
  endReason: string | null;
  title: string | null;
  /** In ascending order of seq. If there are as many as the limit, more may follow. */
  messages: VisitorMessage[];
  /** Executions that have not answered yet, oldest first. */
  waiting: string[];
}

export interface SessionFeedRepository {
  /** Null: the session does not exist any more. */
  since(sessionId: string, afterSeq: number, limit: number): Promise<FeedPage | null>;
  /** The seqs of recent voice messages whose transcription a follower may lack, who has seen all up to some seq. */
  unheard(sessionId: string, upToSeq: number): Promise<number[]>;
  /** Those of these messages that have their transcription by now. */
  heard(sessionId: string, seqs: readonly number[]): Promise<VisitorMessage[]>;
}

/** A message as its visitor `s.user_id` sees it. */
const MESSAGE = `id, seq, role, content, format, buttons, payload, metadata, execution_id, created_at,
         ${ATTACHMENTS_OF("messages.id")} AS attachments,
         (SELECT json_build_array(r.rating, r.comment) FROM message_ratings r JOIN users u ON u.id = s.user_id
          WHERE r.message_id = messages.id AND r.rater = u.identifier) AS feedback`;

/**
 * Not Prisma: every open stream repeats this query. The messages and the waiting executions must be read at one moment,
 * or an answer could seem missing. Both parts are range scans, because an execution carries the seq of its message.
 */
const SINCE = `
  SELECT s.status, s.end_reason, s.title,
    (SELECT coalesce(json_agg(m ORDER BY m.seq), '[]') FROM (
       SELECT ${MESSAGE}
       FROM messages WHERE session_id = s.id AND seq > $2 AND role = ANY($4) AND origin <> $5 ORDER BY seq LIMIT $3) m) AS messages,
    (SELECT coalesce(json_agg(e.id ORDER BY e.seq), '[]') FROM executions e
     WHERE e.session_id = s.id AND e.seq > s.answered_seq AND e.status IN ('pending', 'running')) AS waiting
  FROM sessions s WHERE s.id = $1`;

/** A message older than this many others is not being transcribed any more. */
const LOOKED_BACK = 20;

/** Transcriptions that came while a page was loading count too, because the page may lack them. */
const UNHEARD = `
  SELECT seq FROM messages m WHERE session_id = $1 AND seq > $2::int - ${LOOKED_BACK} AND seq <= $2 AND role = 'user'
    AND (listened_at IS NULL OR listened_at > now() - interval '1 minute')
    AND EXISTS (SELECT 1 FROM attachments a WHERE a.message_id = m.id AND a.kind = 'audio')`;

const HEARD = `SELECT ${MESSAGE} FROM messages, LATERAL (SELECT user_id FROM sessions WHERE id = messages.session_id) s
  WHERE messages.session_id = $1 AND messages.seq = ANY($2) AND messages.listened_at IS NOT NULL
    AND messages.role = ANY($3) AND messages.origin <> $4 ORDER BY messages.seq`;

interface FeedMessage {
  id: string;
  seq: number;
  role: string;
  content: string;
  format: string | null;
  buttons: unknown;
  payload: string | null;
  metadata: unknown;
  execution_id: string | null;
  /** A text where the message is part of a JSON value. */
  created_at: Date | string;
  attachments: AttachmentRow[];
  /** The rating and the comment of the session's user. */
  feedback: [string | null, string | null] | null;
}

interface FeedRow {
  status: string;
  end_reason: string | null;
  title: string | null;
  messages: FeedMessage[];
  waiting: string[];
}

export function createSessionFeedRepository(pool: Pool): SessionFeedRepository {
  return {
    async since(sessionId, afterSeq, limit) {
      const { rows } = await pool.query<FeedRow>({
        name: "session_feed",
        text: SINCE,
        values: [sessionId, afterSeq, limit, SHOWN_ROLES, NOT_SHOWN],
      });
      const row = rows[0];
      if (!row) return null;
      return {
        status: row.status,
        endReason: row.end_reason,
        title: row.title,
        messages: row.messages.map((message) => toMessage(sessionId, message)),
        waiting: row.waiting,
      };
    },

    async unheard(sessionId, upToSeq) {
      const { rows } = await pool.query<{ seq: number }>(UNHEARD, [sessionId, upToSeq]);
      return rows.map(({ seq }) => seq);
    },

    async heard(sessionId, seqs) {
      const { rows } = await pool.query<FeedMessage>(HEARD, [sessionId, seqs, SHOWN_ROLES, NOT_SHOWN]);
      return rows.map((message) => toMessage(sessionId, message));
    },
  };
}

function toMessage(sessionId: string, message: FeedMessage): VisitorMessage {
  return toVisitorMessage({
    ...message,
    sessionId,
    executionId: message.execution_id,
    createdAt: new Date(message.created_at),
    attachments: message.attachments.map(toAttachment),
    feedback: toVisitorFeedback(...(message.feedback ?? [null, null])),
  });
}
