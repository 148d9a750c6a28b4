import type { Pool } from "pg";
import { ATTACHMENTS_OF, type AttachmentRow, toAttachment } from "../storage/attachment-rows.ts";
import { SHOWN_ROLES, toVisitorMessage, type VisitorMessage } from "./visitor-repository.ts";

/** What is new in a session for somebody who has seen it up to some seq. */
export interface FeedPage {
  status: string;
  endReason: string | null;
  title: string | null;
  /** Ascending by seq. As many as the limit: there may be more. */
  messages: VisitorMessage[];
  /** Executions that have not answered yet, oldest first. */
  waiting: string[];
}

export interface SessionFeedRepository {
  /** Null: there is no such session any more. */
  since(sessionId: string, afterSeq: number, limit: number): Promise<FeedPage | null>;
}

/**
 * Not Prisma: every open stream asks this again and again, and the messages and what is still waiting must be of one
 * moment, or an answer could seem missing. Both parts are range scans: an execution carries the seq of its message.
 */
const SINCE = `
  SELECT s.status, s.end_reason, s.title,
    (SELECT coalesce(json_agg(m ORDER BY m.seq), '[]') FROM (
       SELECT id, seq, role, content, buttons, payload, metadata, execution_id, created_at,
         ${ATTACHMENTS_OF("messages.id")} AS attachments
       FROM messages WHERE session_id = s.id AND seq > $2 AND role = ANY($4) ORDER BY seq LIMIT $3) m) AS messages,
    (SELECT coalesce(json_agg(e.id ORDER BY e.seq), '[]') FROM executions e
     WHERE e.session_id = s.id AND e.seq > s.answered_seq AND e.status IN ('pending', 'running')) AS waiting
  FROM sessions s WHERE s.id = $1`;

interface FeedRow {
  status: string;
  end_reason: string | null;
  title: string | null;
  messages: {
    id: string;
    seq: number;
    role: string;
    content: string;
    buttons: unknown;
    payload: string | null;
    metadata: unknown;
    execution_id: string | null;
    created_at: string;
    attachments: AttachmentRow[];
  }[];
  waiting: string[];
}

export function createSessionFeedRepository(pool: Pool): SessionFeedRepository {
  return {
    async since(sessionId, afterSeq, limit) {
      const { rows } = await pool.query<FeedRow>({
        name: "session_feed",
        text: SINCE,
        values: [sessionId, afterSeq, limit, SHOWN_ROLES],
      });
      const row = rows[0];
      if (!row) return null;
      const messages = row.messages.map((message) =>
        toVisitorMessage({
          ...message,
          sessionId,
          executionId: message.execution_id,
          createdAt: new Date(message.created_at),
          attachments: message.attachments.map(toAttachment),
        }),
      );
      return {
        status: row.status,
        endReason: row.end_reason,
        title: row.title,
        messages,
        waiting: row.waiting,
      };
    },
  };
}
