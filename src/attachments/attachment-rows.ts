import { ATTACHMENT_KINDS, ATTACHMENT_STATES, type AttachmentView } from "../core/message/attachment.ts";

/** The database row of a file. */
export interface AttachmentRow {
  id: string;
  kind: string;
  name: string | null;
  content_type: string | null;
  /** Text from some drivers, because it may need more than 32 bits. */
  bytes: number | string | null;
  state: string;
  error: string | null;
  source_url: string | null;
  heard?: boolean;
}

/** SQL condition: the file is a sound, and its message has its words. `speech` marks a spoken reply. */
export const HEARD = `(a.kind = 'audio' AND EXISTS (
      SELECT 1 FROM messages h WHERE h.id = a.message_id AND (h.listened_at IS NOT NULL OR h.metadata ? 'speech')))`;

/**
 * SQL expression for the files of a message, in order, as a JSON array. `message` is the SQL expression of the
 * message's id.
 */
export const ATTACHMENTS_OF = (message: string): string => `(
    SELECT coalesce(json_agg(json_build_object('id', a.id, 'kind', a.kind, 'name', a.name, 'content_type', a.content_type,
      'bytes', a.bytes, 'state', a.state, 'error', a.error, 'source_url', a.source_url,
      'heard', ${HEARD}) ORDER BY a.place, a.id), '[]')
    FROM attachments a WHERE a.message_id = ${message})`;

export function toAttachment(row: AttachmentRow): AttachmentView {
  return {
    id: row.id,
    kind: ATTACHMENT_KINDS.find((kind) => kind === row.kind) ?? "file",
    name: row.name,
    contentType: row.content_type,
    bytes: row.bytes === null ? null : Number(row.bytes),
    state: ATTACHMENT_STATES.find((state) => state === row.state) ?? "failed",
    error: row.error,
    sourceUrl: row.source_url,
    ...(row.heard && { heard: true }),
  };
}
