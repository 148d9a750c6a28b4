import type { OwnedAttachment } from "../../attachments/attachment-repository.ts";
import type { KeptUpload, NewUpload } from "../../attachments/uploads.ts";
import { RequestError } from "../../core/faults/errors.ts";
import { isId } from "../../core/ids.ts";
import { tooMany } from "../server/rate-limit.ts";

/** Stores uploaded files and finds them. */
export interface UploadStore {
  find(id: string): Promise<OwnedAttachment | null>;
  keep(upload: NewUpload): Promise<KeptUpload>;
  /** The largest accepted file. */
  limitBytes: number;
}

/** Maximum number of files in one message. */
export const MOST_ATTACHMENTS = 10;

/**
 * The uploads of a message. Throws 404 if an id is no upload of its session, and 409 if another message took the
 * upload. The same message may be sent again.
 * @param sentBefore the message that this one repeats, if it was sent before.
 */
export async function uploadsOf(
  uploads: Pick<UploadStore, "find">,
  sessionId: string,
  ids: readonly string[],
  sentBefore: () => Promise<string | null>,
): Promise<{ sessionId: string; ids: readonly string[] } | null> {
  if (ids.length === 0) return null;
  for (const id of ids) {
    const found = isId(id) ? await uploads.find(id) : null;
    const isSent = found !== null && found.messageId !== null;
    if (isSent && (await sentBefore()) === found.messageId) continue;
    if (found?.sessionId !== sessionId || found.state !== "stored") throw attachmentNotFound(id);
    if (isSent) throw attachmentAlreadySent();
  }
  return { sessionId, ids };
}

export function attachmentAlreadySent(): RequestError {
  return new RequestError(
    409,
    "attachment_already_sent",
    "An attachment was already sent with another message.",
  );
}

export function attachmentNotFound(id: string): RequestError {
  return new RequestError(404, "attachment_not_found", `There is no attachment ${id} here.`);
}

/** The file store fails at the moment; this file is not the cause. */
export function fileNotKept(): RequestError {
  return new RequestError(
    503,
    "file_not_kept",
    "Files cannot be stored at the moment. Send it again later.",
    {
      headers: { "Retry-After": "60" },
    },
  );
}

/** The uploader's share of unsent files is used up. */
export function tooMuchUnsent(): RequestError {
  const message = "Too much was uploaded and not sent. Send it first, or come again tomorrow.";
  return tooMany("too_much_unsent", message, 3600);
}

/** The content of an upload, with its sender's description. */
export function uploadOf(
  content: Buffer,
  said: { contentType: string | undefined; name: string | undefined },
): Pick<NewUpload, "content" | "contentType" | "name"> {
  if (content.length === 0) {
    throw new RequestError(422, "empty_file", "The file is empty. Send its bytes as the body.");
  }
  return { content, contentType: said.contentType ?? null, name: said.name ?? null };
}
