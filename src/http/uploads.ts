import type { OwnedAttachment } from "../attachments/attachment-repository.ts";
import type { KeptUpload, NewUpload } from "../attachments/uploads.ts";
import { RequestError } from "../core/errors.ts";
import { isId } from "../core/ids.ts";

/** Files as the routes use them. */
export interface AttachmentDesk {
  find(id: string): Promise<OwnedAttachment | null>;
  keep(upload: NewUpload): Promise<KeptUpload>;
  /** The largest file that is taken. */
  limitBytes: number;
}

/** Files of one message. */
export const MOST_ATTACHMENTS = 10;

/**
 * The uploads a message takes along. Throws 404 for what is no upload of its session, and 409 for what another message
 * took; the same message may be sent again.
 * @param sentBefore the message that this one repeats, if it was sent before.
 */
export async function uploadsOf(
  desk: Pick<AttachmentDesk, "find">,
  sessionId: string,
  ids: readonly string[],
  sentBefore: () => Promise<string | null>,
): Promise<{ sessionId: string; ids: readonly string[] } | null> {
  if (ids.length === 0) return null;
  for (const id of ids) {
    const found = isId(id) ? await desk.find(id) : null;
    const isSent = found !== null && found.messageId !== null;
    if (isSent && (await sentBefore()) === found.messageId) continue;
    if (found?.sessionId !== sessionId || found.state !== "stored") throw attachmentNotFound(id);
    if (isSent) throw attachmentAlreadySent();
  }
  return { sessionId, ids };
}

export function attachmentAlreadySent(): RequestError {
  return new RequestError(409, "attachment_already_sent", "An attachment went with another message.");
}

export function attachmentNotFound(id: string): RequestError {
  return new RequestError(404, "attachment_not_found", `There is no attachment ${id} here.`);
}

/** The place for files fails at the moment: nothing is wrong with this one. */
export function fileNotKept(): RequestError {
  return new RequestError(503, "file_not_kept", "Files cannot be kept at the moment. Send it again later.", {
    headers: { "Retry-After": "60" },
  });
}

/** The content of an upload and what its sender says of it. */
export function uploadOf(
  content: Buffer,
  said: { contentType: string | undefined; name: string | undefined },
): Pick<NewUpload, "content" | "contentType" | "name"> {
  if (content.length === 0) {
    throw new RequestError(422, "empty_file", "The file is empty. Send its bytes as the body.");
  }
  return { content, contentType: said.contentType ?? null, name: said.name ?? null };
}
