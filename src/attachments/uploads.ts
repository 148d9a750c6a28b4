import { type AttachmentView, kindOfType } from "../core/attachment.ts";
import { safeFileName } from "../core/file-name.ts";
import type { AttachmentRepository } from "./attachment-repository.ts";
import { contentTypeOf } from "./content-type.ts";
import type { FileStore } from "./file-store.ts";

/** A file that somebody hands us, to be sent with a message later. */
export interface NewUpload {
  /** The same id with the same content may be kept again. */
  id: string;
  sessionId: string;
  content: Buffer;
  /** As the sender said. */
  contentType: string | null;
  name: string | null;
  /** Which types are taken, by what a file is found to be; all where left out. */
  accepts?(contentType: string): boolean;
}

export type KeptUpload =
  | { kind: "kept"; attachment: AttachmentView }
  | { kind: "session_gone" }
  /** The store fails. Its row goes after a day. */
  | { kind: "not_kept" }
  | { kind: "type_refused"; contentType: string };

/**
 * Keeps an upload. The row is there before the content: what a crash leaves of an upload
 * is a row that is never sent, and goes with its content after a day.
 */
export async function keepUpload(
  deps: { repository: Pick<AttachmentRepository, "addUpload" | "stored" | "find">; store: FileStore },
  upload: NewUpload,
): Promise<KeptUpload> {
  const { id, content } = upload;
  const contentType = await contentTypeOf(content, upload.contentType);
  if (upload.accepts && !upload.accepts(contentType)) return { kind: "type_refused", contentType };
  const kind = kindOfType(contentType);
  const name = upload.name === null ? null : safeFileName(upload.name);
  if (!(await deps.repository.addUpload({ id, sessionId: upload.sessionId, kind, name })))
    return { kind: "session_gone" };
  try {
    await deps.store.write(id, content, contentType);
  } catch {
    // Told where the store is watched.
    return { kind: "not_kept" };
  }
  await deps.repository.stored(id, { kind, contentType, bytes: content.length });
  const attachment = await deps.repository.find(id);
  return attachment ? { kind: "kept", attachment } : { kind: "session_gone" };
}
