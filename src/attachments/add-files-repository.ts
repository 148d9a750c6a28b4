import type { PoolClient } from "pg";
import type { AttachmentKind } from "../core/message/attachment.ts";
import { storableJson } from "../core/text/text.ts";

/** A file of a message. Its row is stored now, and its content is loaded later. */
export interface FileToLoad {
  id: string;
  kind: AttachmentKind;
  name?: string | null;
  contentType?: string | null;
  bytes?: number | null;
  /** The id of the file on its platform. */
  platformId?: string;
  /** The channel of that platform. Absent: the channel of the session. */
  channelId?: string;
  /** The address that a bot or an operator gave for it. */
  sourceUrl?: string;
}

/** Stores the files of a message, after those that it has. */
export async function addFiles(
  client: PoolClient,
  to: { workspaceId: string; sessionId: string; messageId: string },
  files: readonly FileToLoad[],
): Promise<void> {
  if (files.length === 0) return;
  await client.query(
    `INSERT INTO attachments (id, workspace_id, session_id, message_id, place, kind, name, content_type, bytes,
       platform_id, channel_id, source_url)
     SELECT a.id, $1, $2, $3, (SELECT coalesce(max(place), -1) FROM attachments WHERE message_id = $3) + a.nth,
       a.kind, a.name, a."contentType", a.bytes, a."platformId", a."channelId",
       a."sourceUrl"
     FROM ROWS FROM (json_to_recordset($4::json)
       AS (id text, kind text, name text, "contentType" text, bytes bigint, "platformId" text, "channelId" text,
         "sourceUrl" text))
       WITH ORDINALITY AS a(id, kind, name, "contentType", bytes, "platformId", "channelId", "sourceUrl", nth)`,
    [to.workspaceId, to.sessionId, to.messageId, storableJson(files)],
  );
}
