import type { Pool } from "pg";
import type { AttachmentKind } from "../core/message/attachment.ts";
import { inTransaction } from "../storage/transaction.ts";

/** A visitor and their network address. */
export interface Uploader {
  visitorId: string;
  address: string;
}

/** The most bytes that are kept of files that were uploaded and not sent. */
export interface UnsentBytes {
  perVisitor: number;
  perAddress: number;
}

interface UploadRow {
  id: string;
  sessionId: string;
  kind: AttachmentKind;
  name: string | null;
  bytes: number;
  /** Null: the file counts against nobody. */
  uploader: Uploader | null;
}

export type UploadRepository = ReturnType<typeof createUploadRepository>;

/** The rows of files that people upload before they send them. */
export function createUploadRepository(pool: Pool, unsent: UnsentBytes) {
  return {
    /** Inserts the row of an upload once, unless its uploader has too much unsent. */
    async add(upload: UploadRow): Promise<"added" | "session_gone" | "too_much_unsent"> {
      const { id, sessionId, kind, name, bytes, uploader } = upload;
      const { rows } = await inTransaction(pool, async (client) => {
        // Uploads of one uploader are counted one after the other. Address first, always, so that none waits in a circle.
        for (const lock of uploader === null ? [] : [uploader.address, uploader.visitorId]) {
          await client.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 41))", [lock]);
        }
        return client.query<{ added: boolean }>(ADD_UPLOAD, [
          id,
          sessionId,
          kind,
          name,
          bytes,
          uploader?.visitorId ?? null,
          uploader?.address ?? null,
          unsent.perVisitor,
          unsent.perAddress,
        ]);
      });
      const [session] = rows;
      if (session === undefined) return "session_gone";
      return session.added ? "added" : "too_much_unsent";
    },

    /** Deletes the row of an upload whose content could not be kept. */
    async drop(id: string): Promise<void> {
      await pool.query("DELETE FROM attachments WHERE id = $1 AND message_id IS NULL AND state = 'pending'", [
        id,
      ]);
    },
  };
}

const ADD_UPLOAD = `
  WITH session AS (SELECT id, workspace_id FROM sessions WHERE id = $2),
  unsent AS (
    SELECT coalesce(sum(bytes) FILTER (WHERE uploaded_by = $6), 0) AS of_visitor,
      coalesce(sum(bytes) FILTER (WHERE uploaded_from = $7), 0) AS of_address
    FROM attachments WHERE message_id IS NULL AND (uploaded_by = $6 OR uploaded_from = $7)),
  added AS (
    INSERT INTO attachments (id, workspace_id, session_id, kind, name, bytes, uploaded_by, uploaded_from, next_attempt_at)
    SELECT $1, s.workspace_id, s.id, $3, $4, $5, $6, $7, NULL FROM session s, unsent u
    WHERE $6::text IS NULL OR (u.of_visitor + $5::bigint <= $8 AND u.of_address + $5::bigint <= $9)
    ON CONFLICT (id) DO UPDATE SET updated_at = now() RETURNING id)
  SELECT EXISTS (SELECT 1 FROM added) AS added FROM session`;
