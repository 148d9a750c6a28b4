import type { Pool } from "pg";
import type { VisitorSession } from "./visitor-repository.ts";

/** A session in its visitor's list. */
export interface SessionSummary extends VisitorSession {
  /** The last seq that the visitor has seen, on any device. */
  readSeq: number;
  /** Messages of the bot after that seq, counted up to `UNREAD_LIMIT`. */
  unread: number;
}

/** A larger count is shown only as "many". */
const UNREAD_LIMIT = 100;

export type VisitorSessions = ReturnType<typeof createVisitorSessionsRepository>;

/** Not Prisma: every open stream repeats this query, and the counts are index scans with a limit. */
const SUMMARY = `
  SELECT s.id, s.agent_id AS "agentId", s.agent_version AS "agentVersion", s.status, s.end_reason AS "endReason", s.title, s.created_at AS "createdAt",
    s.last_activity_at AS "lastActivityAt", s.ended_at AS "endedAt", coalesce(r.seq, 0) AS "readSeq",
    (SELECT count(*)::int FROM (
       SELECT 1 FROM messages m WHERE m.session_id = s.id AND m.seq > coalesce(r.seq, 0) AND m.role = 'assistant'
       LIMIT ${UNREAD_LIMIT}) n) AS unread
  FROM sessions s LEFT JOIN session_reads r ON r.session_id = s.id
  WHERE s.channel_id = $1 AND s.user_id = $2`;

/** Summaries of a visitor's sessions: their state and their unread messages. */
export function createVisitorSessionsRepository(pool: Pool) {
  return {
    /** Most recently used first. */
    async list(
      channelId: string,
      visitorId: string,
      page: { limit: number; offset: number },
    ): Promise<SessionSummary[]> {
      const { rows } = await pool.query<SessionSummary>({
        name: "visitor_sessions",
        text: `${SUMMARY} ORDER BY s.last_activity_at DESC, s.id DESC LIMIT $3 OFFSET $4`,
        values: [channelId, visitorId, page.limit, page.offset],
      });
      return rows;
    },

    async count(channelId: string, visitorId: string): Promise<number> {
      const { rows } = await pool.query<{ count: number }>(
        "SELECT count(*)::int AS count FROM sessions WHERE channel_id = $1 AND user_id = $2",
        [channelId, visitorId],
      );
      return rows[0]?.count ?? 0;
    },

    /** Also null for another visitor's session. */
    async find(channelId: string, visitorId: string, sessionId: string): Promise<SessionSummary | null> {
      const { rows } = await pool.query<SessionSummary>({
        name: "visitor_session",
        text: `${SUMMARY} AND s.id = $3`,
        values: [channelId, visitorId, sessionId],
      });
      return rows[0] ?? null;
    },

    /** Records that the session was seen up to `seq`. The mark never moves back. False: `seq` is not new. */
    async markRead(sessionId: string, seq: number): Promise<boolean> {
      const { rowCount } = await pool.query(
        `INSERT INTO session_reads (session_id, seq)
         SELECT id, least($2::int, next_seq - 1) FROM sessions WHERE id = $1
         ON CONFLICT (session_id) DO UPDATE SET seq = excluded.seq, updated_at = now()
         WHERE session_reads.seq < excluded.seq`,
        [sessionId, seq],
      );
      return rowCount === 1;
    },

    /** The open session that followed when the visitor reset this one. Null: there is none. */
    async resetSuccessor(sessionId: string): Promise<string | null> {
      const { rows } = await pool.query<{ id: string }>(
        `SELECT n.id FROM sessions s JOIN sessions n ON n.id = s.next_id AND n.status = 'active'
         WHERE s.id = $1 AND s.end_reason = 'user_reset'`,
        [sessionId],
      );
      return rows[0]?.id ?? null;
    },
  };
}
