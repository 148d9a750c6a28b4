import type { Pool } from "pg";
import type { AttachmentKind, AttachmentView } from "../core/message/attachment.ts";
import { type AttachmentRow, HEARD, toAttachment } from "./attachment-rows.ts";

/** A file whose content this process must load now. */
export interface ClaimedAttachment {
  id: string;
  channelId: string;
  attempts: number;
  /** The type that the sender declared. */
  contentType: string | null;
  bytes: number | null;
  /** The platform's id of the file. Null for a file that a bot or an operator sends. */
  platformId: string | null;
  sourceUrl: string | null;
  /** The error of the last attempt; null at first. */
  error: string | null;
}

/** A file with the data that the API's routes need. */
export interface OwnedAttachment extends AttachmentView {
  workspaceId: string;
  sessionId: string;
  messageId: string | null;
}

/** The detected properties of a file whose content was stored. */
export interface StoredContent {
  kind: AttachmentKind;
  contentType: string;
  bytes: number;
}

const VIEW = `a.id, a.kind, a.name, a.content_type, a.bytes, a.state, a.error, a.source_url, ${HEARD} AS heard`;
const CLAIMED = `a.id, coalesce(a.channel_id, s.channel_id) AS "channelId", a.attempts, a.content_type AS "contentType", a.bytes::float8 AS bytes,
  a.platform_id AS "platformId", a.source_url AS "sourceUrl", a.error`;

export type AttachmentRepository = ReturnType<typeof createAttachmentRepository>;

/** Files to claim: those of some messages, or a number of due ones, oldest due time first. */
export type WantedAttachments = { of: readonly string[] } | { due: number };

const OF_MESSAGES = "message_id = ANY($3)";
const LONGEST_DUE = `id IN (SELECT id FROM attachments WHERE state = 'pending' AND message_id IS NOT NULL
  AND next_attempt_at <= now() ORDER BY next_attempt_at LIMIT $3)`;

/**
 * Stores the rows of files. It uses raw SQL, because claims and results are conditional updates, as with deliveries.
 */
export function createAttachmentRepository(pool: Pool, identity: { owner: string; leaseMs: number }) {
  async function claim(which: string, value: unknown): Promise<ClaimedAttachment[]> {
    const { rows } = await pool.query<ClaimedAttachment>(
      `WITH due AS MATERIALIZED (
         SELECT id FROM attachments WHERE state = 'pending' AND next_attempt_at <= now() AND message_id IS NOT NULL
           AND ${which} FOR UPDATE SKIP LOCKED)
       UPDATE attachments a SET attempts = a.attempts + 1, updated_at = now(), claimed_by = $2,
         next_attempt_at = now() + $1::int * interval '1 millisecond'
       FROM due, sessions s WHERE a.id = due.id AND s.id = a.session_id RETURNING ${CLAIMED}`,
      [identity.leaseMs, identity.owner, value],
    );
    return rows;
  }

  return {
    /** Claims files. A claimed file without a result is due again after the lease. */
    claim: (wanted: WantedAttachments) =>
      "of" in wanted ? claim(OF_MESSAGES, wanted.of) : claim(LONGEST_DUE, wanted.due),

    /** Releases claims of this process that it does not know, since it did not load those files. */
    async releaseOthers(held: readonly string[]): Promise<void> {
      await pool.query(
        `UPDATE attachments SET attempts = attempts - 1, next_attempt_at = now(), claimed_by = NULL
         WHERE state = 'pending' AND claimed_by = $1 AND id <> ALL($2)`,
        [identity.owner, held],
      );
    },

    /** Makes every claimed file due at once. Only safe if no other process can be alive. */
    async releaseAll(): Promise<void> {
      await pool.query(
        "UPDATE attachments SET next_attempt_at = now(), claimed_by = NULL WHERE state = 'pending' AND claimed_by IS NOT NULL",
      );
    },

    /** Returns the files of messages, grouped by message and in order. */
    async ofMessages(messageIds: readonly string[]): Promise<Map<string, AttachmentView[]>> {
      const { rows } = await pool.query<AttachmentRow & { message_id: string }>(
        `SELECT ${VIEW}, a.message_id FROM attachments a WHERE a.message_id = ANY($1) ORDER BY a.place, a.id`,
        [messageIds],
      );
      return grouped(rows);
    },

    async find(id: string): Promise<OwnedAttachment | null> {
      const { rows } = await pool.query<
        AttachmentRow & { workspace_id: string; session_id: string; message_id: string | null }
      >(`SELECT ${VIEW}, a.workspace_id, a.session_id, a.message_id FROM attachments a WHERE a.id = $1`, [
        id,
      ]);
      const row = rows[0];
      if (!row) return null;
      const { workspace_id: workspaceId, session_id: sessionId, message_id: messageId } = row;
      return { ...toAttachment(row), workspaceId, sessionId, messageId };
    },

    /**
     * Records that the content is stored. Also succeeds if another process stored it just before, since both wrote the
     * same file. False: the row is gone or has another final state, so the content is not needed.
     */
    async stored(id: string, content: StoredContent): Promise<boolean> {
      const { rowCount } = await pool.query(
        `UPDATE attachments SET state = 'stored', kind = $2, content_type = $3, bytes = $4, error = NULL,
           next_attempt_at = NULL, updated_at = now() WHERE id = $1 AND state IN ('pending', 'stored')`,
        [id, content.kind, content.contentType, content.bytes],
      );
      return rowCount === 1;
    },

    /** Records that loading failed; if `retryInMs` is null, permanently. Only the current attempt may record it. */
    async notStored(id: string, attempts: number, why: { reason: string; retryInMs: number | null }) {
      await pool.query(
        `UPDATE attachments SET state = CASE WHEN $4::int IS NULL THEN 'failed' ELSE state END, error = $3, claimed_by = NULL,
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
