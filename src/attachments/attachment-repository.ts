import type { Pool } from "pg";
import type { AttachmentKind, AttachmentView } from "../core/attachment.ts";
import { type AttachmentRow, toAttachment } from "../storage/attachment-rows.ts";

/** A file whose content this process has to load now. */
export interface ClaimedAttachment {
  id: string;
  channelId: string;
  attempts: number;
  /** As the sender said. */
  contentType: string | null;
  bytes: number | null;
  /** How the platform names it; null for what a bot or an operator sends. */
  platformId: string | null;
  sourceUrl: string | null;
  /** Why the last try did not end with it stored; null at first. */
  error: string | null;
}

/** A file as the API's routes need it. */
export interface OwnedAttachment extends AttachmentView {
  workspaceId: string;
  sessionId: string;
  messageId: string | null;
}

/** What was found out about a file when its content was stored. */
export interface StoredContent {
  kind: AttachmentKind;
  contentType: string;
  bytes: number;
}

const VIEW = "id, kind, name, content_type, bytes, state, error, source_url";
const CLAIMED = `a.id, s.channel_id AS "channelId", a.attempts, a.content_type AS "contentType", a.bytes::float8 AS bytes,
  a.platform_id AS "platformId", a.source_url AS "sourceUrl", a.error`;

export type AttachmentRepository = ReturnType<typeof createAttachmentRepository>;

/** The rows of files. Raw SQL: claims and their ends are conditional updates, as with deliveries. */
export function createAttachmentRepository(pool: Pool) {
  async function claim(which: string, values: unknown[], leaseMs: number): Promise<ClaimedAttachment[]> {
    const { rows } = await pool.query<ClaimedAttachment>(
      `WITH due AS MATERIALIZED (
         SELECT id FROM attachments WHERE state = 'pending' AND next_attempt_at <= now() AND message_id IS NOT NULL
           AND ${which} FOR UPDATE SKIP LOCKED)
       UPDATE attachments a SET attempts = a.attempts + 1, updated_at = now(),
         next_attempt_at = now() + $1::int * interval '1 millisecond'
       FROM due, sessions s WHERE a.id = due.id AND s.id = a.session_id RETURNING ${CLAIMED}`,
      [leaseMs, ...values],
    );
    return rows;
  }

  return {
    /** Takes what is due of the files of some messages. What is taken and not ended is due again after the lease. */
    claimOf: (messageIds: readonly string[], leaseMs: number) =>
      claim("message_id = ANY($2)", [messageIds], leaseMs),

    /** Takes what is due, the longest due first. */
    claimDue: (limit: number, leaseMs: number) =>
      claim(
        "id IN (SELECT id FROM attachments WHERE state = 'pending' AND message_id IS NOT NULL AND next_attempt_at <= now() ORDER BY next_attempt_at LIMIT $2)",
        [limit],
        leaseMs,
      ),

    /** The files of messages, by message, in order. */
    async ofMessages(messageIds: readonly string[]): Promise<Map<string, AttachmentView[]>> {
      const { rows } = await pool.query<AttachmentRow & { message_id: string }>(
        `SELECT ${VIEW}, message_id FROM attachments WHERE message_id = ANY($1) ORDER BY place, id`,
        [messageIds],
      );
      return grouped(rows);
    },

    async find(id: string): Promise<OwnedAttachment | null> {
      const { rows } = await pool.query<
        AttachmentRow & { workspace_id: string; session_id: string; message_id: string | null }
      >(`SELECT ${VIEW}, workspace_id, session_id, message_id FROM attachments WHERE id = $1`, [id]);
      const row = rows[0];
      if (!row) return null;
      const { workspace_id: workspaceId, session_id: sessionId, message_id: messageId } = row;
      return { ...toAttachment(row), workspaceId, sessionId, messageId };
    },

    /** Makes the row of an upload, once; false where its session is gone. */
    async addUpload(upload: {
      id: string;
      sessionId: string;
      kind: AttachmentKind;
      name: string | null;
    }): Promise<boolean> {
      const { rowCount } = await pool.query(
        `INSERT INTO attachments (id, workspace_id, session_id, kind, name, next_attempt_at)
         SELECT $1, s.workspace_id, s.id, $3, $4, NULL FROM sessions s WHERE s.id = $2
         ON CONFLICT (id) DO UPDATE SET updated_at = now()`,
        [upload.id, upload.sessionId, upload.kind, upload.name],
      );
      return rowCount === 1;
    },

    /**
     * Its content is kept, also where another process kept it a moment before: both wrote the same file. False: the row
     * is gone, or ended otherwise; then nobody needs the content.
     */
    async stored(id: string, content: StoredContent): Promise<boolean> {
      const { rowCount } = await pool.query(
        `UPDATE attachments SET state = 'stored', kind = $2, content_type = $3, bytes = $4, error = NULL,
           next_attempt_at = NULL, updated_at = now() WHERE id = $1 AND state IN ('pending', 'stored')`,
        [id, content.kind, content.contentType, content.bytes],
      );
      return rowCount === 1;
    },

    /** It could not be had; `retryInMs` null: it never will be. Only the attempt it belongs to may say so. */
    async notStored(id: string, attempts: number, why: { reason: string; retryInMs: number | null }) {
      await pool.query(
        `UPDATE attachments SET state = CASE WHEN $4::int IS NULL THEN 'failed' ELSE state END, error = $3,
           next_attempt_at = now() + $4::int * interval '1 millisecond', updated_at = now()
         WHERE id = $1 AND state = 'pending' AND attempts = $2`,
        [id, attempts, why.reason, why.retryInMs],
      );
    },
  };
}

function grouped(rows: readonly (AttachmentRow & { message_id: string })[]): Map<string, AttachmentView[]> {
  const byMessage = new Map<string, AttachmentView[]>();
  for (const row of rows) {
    byMessage.set(row.message_id, [...(byMessage.get(row.message_id) ?? []), toAttachment(row)]);
  }
  return byMessage;
}
