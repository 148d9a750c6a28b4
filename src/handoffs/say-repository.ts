import type { PoolClient } from "pg";
import { addFiles } from "../attachments/add-files-repository.ts";
import { newId } from "../core/ids.ts";
import type { InboundAttachment } from "../core/message/inbound-message.ts";
import { prepareReply, type Reply, type ReplyLimits } from "../core/message/reply-parts.ts";
import { storableFile } from "../core/message/storable-file.ts";
import { storableText } from "../core/text/text.ts";
import { appendDeliveries, appendMessage } from "../sessions/append-repository.ts";
import type { Holder } from "./handoff.ts";
import type { LockedSession } from "./handoff-rows-repository.ts";

/** A message of a person, or the agent's own text about a person. */
export interface Said extends Reply {
  messageId: string;
  /** `operator`: a person's words, which are history. `notice`: the agent's words, which are not. */
  origin: "operator" | "notice";
  author: Holder | null;
  /** Files that were uploaded into the session. */
  uploads?: readonly string[];
  /** Files of a desk's channel. Each is delivered once its content is loaded. */
  deskFiles?: { channelId: string; files: readonly InboundAttachment[] };
}

/** Another message took the upload after it was found. */
export class UploadTaken extends Error {}

/** Stores a message in a locked session, with a delivery for each part. Returns the deliveries. */
export async function say(
  client: PoolClient,
  session: LockedSession,
  said: Said,
  limits: ReplyLimits,
): Promise<string[]> {
  const content = storableText(said.content);
  const uploads = said.uploads ?? [];
  const { channelId = "", files: deskFiles = [] } = said.deskFiles ?? {};
  const isOnlyFiles = content.trim() === "" && uploads.length + deskFiles.length > 0;
  const { buttons, choices, parts } = prepareReply({ ...said, content }, limits);
  const stored = await appendMessage(client, session.id, {
    id: said.messageId,
    origin: said.origin,
    content,
    author: said.author,
    buttons,
    // A person's words replace the buttons that were offered before. A notice does not.
    ...(said.origin === "operator" && { choices }),
  });
  await attach(client, session.id, said.messageId, uploads);
  const fromDesk = deskFiles.map((file) => ({ ...storableFile(file), id: newId(), channelId }));
  await addFiles(client, stored, fromDesk);
  return appendDeliveries(client, stored, [
    ...(isOnlyFiles ? [] : parts),
    ...uploads.map((attachmentId) => ({ content: "", buttons: null, attachmentId })),
  ]);
}

async function attach(
  client: PoolClient,
  sessionId: string,
  messageId: string,
  uploads: readonly string[],
): Promise<void> {
  if (uploads.length === 0) return;
  const { rowCount } = await client.query(
    `UPDATE attachments a SET message_id = $2, place = u.place, updated_at = now(),
       uploaded_by = NULL, uploaded_from = NULL
     FROM unnest($3::text[]) WITH ORDINALITY AS u(id, place)
     WHERE a.id = u.id AND a.session_id = $1 AND a.message_id IS NULL`,
    [sessionId, messageId, uploads],
  );
  if (rowCount !== uploads.length) throw new UploadTaken();
}
