import type { Pool } from "pg";
import type { AttachmentKind } from "../core/message/attachment.ts";
import { inTransaction } from "../storage/transaction.ts";

/** A visitor at a network address, or an API key. Keys do not count by address: many programs may share one. */
export type Uploader =
  | { kind: "visitor"; id: string; address: string }
  | { kind: "key"; id: string; address: null };

/** Maximum bytes of files that were uploaded and not sent. */
export interface UnsentBytes {
  perVisitor: number;
  perAddress: number;
  perKey: number;
}

/** A file counts as so many bytes at least. Otherwise tiny files would fill the table before the disk. */
const LEAST_BYTES = 65_536;

interface UploadRow {
  id: string;
  sessionId: string;
  kind: AttachmentKind;
  name: string | null;
  bytes: number;
  /** Null: the service made it, so it counts against nobody. */
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
        // Uploads of one uploader are counted one after the other. The address is locked first, to avoid deadlocks.
        for (const lock of [uploader?.address, uploader?.id]) {
          if (lock) await client.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 41))", [lock]);
        }
        return client.query<{ added: boolean }>(ADD_UPLOAD, [
          id,
          sessionId,
          kind,
          name,
          bytes,
          uploader?.id ?? null,
          uploader?.address ?? null,
          uploader?.kind === "key" ? unsent.perKey : unsent.perVisitor,
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
    SELECT coalesce(sum(greatest(bytes, ${LEAST_BYTES})) FILTER (WHERE uploaded_by = $6), 0) AS of_uploader,
      coalesce(sum(greatest(bytes, ${LEAST_BYTES})) FILTER (WHERE uploaded_from = $7), 0) AS of_address
    FROM attachments WHERE message_id IS NULL AND (uploaded_by = $6 OR uploaded_from = $7) AND id <> $1),
  added AS (
    INSERT INTO attachments (id, workspace_id, session_id, kind, name, bytes, uploaded_by, uploaded_from, next_attempt_at)
    SELECT $1, s.workspace_id, s.id, $3, $4, $5, $6, $7, NULL FROM session s, unsent u
    WHERE ($6::text IS NULL OR u.of_uploader + $5::bigint <= $8)
      AND ($7::text IS NULL OR u.of_address + $5::bigint <= $9)
    ON CONFLICT (id) DO UPDATE SET updated_at = now() RETURNING id)
  SELECT EXISTS (SELECT 1 FROM added) AS added FROM session`;
