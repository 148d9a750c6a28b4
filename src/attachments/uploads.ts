import { type AttachmentView, kindOfType } from "../core/message/attachment.ts";
import { safeFileName } from "../core/message/file-name.ts";
import type { AttachmentRepository } from "./attachment-repository.ts";
import { contentTypeOf } from "./content-type.ts";
import type { FileStore } from "./file-store.ts";
import type { Uploader, UploadRepository } from "./upload-repository.ts";

/** An uploaded file, which a message uses later. */
export interface NewUpload {
  /** The same content may be stored again with the same id. */
  id: string;
  sessionId: string;
  content: Buffer;
  /** The type that the sender declared. */
  contentType: string | null;
  name: string | null;
  /** The file counts against its uploader until it is sent. Null: the service made it. */
  uploader: Uploader | null;
  /** Decides if a detected type is accepted. Without it, every type is. */
  accepts?(contentType: string): boolean;
}

export type KeptUpload =
  | { kind: "kept"; attachment: AttachmentView }
  | { kind: "session_gone" }
  /** The uploader has uploaded too much without sending it. */
  | { kind: "too_much_unsent" }
  /** The store failed. */
  | { kind: "not_kept" }
  | { kind: "type_refused"; contentType: string };

/**
 * Stores an upload. It inserts the row before the content. A crash may leave an upload that no message uses. Its row
 * and content are deleted after a day.
 */
export async function keepUpload(
  deps: {
    uploads: UploadRepository;
    repository: Pick<AttachmentRepository, "stored" | "find">;
    store: FileStore;
  },
  upload: NewUpload,
): Promise<KeptUpload> {
  const { id, content } = upload;
  const contentType = await contentTypeOf(content, upload.contentType);
  if (upload.accepts && !upload.accepts(contentType)) return { kind: "type_refused", contentType };
  const kind = kindOfType(contentType);
  const name = upload.name === null ? null : safeFileName(upload.name);
  const { sessionId, uploader } = upload;
  const added = await deps.uploads.add({ id, sessionId, kind, name, bytes: content.length, uploader });
  if (added !== "added") return { kind: added };
  try {
    await deps.store.write(id, content, contentType);
  } catch {
    // `watchFileStore` reports the error. A row that stays is deleted after a day.
    await deps.uploads.drop(id).catch(() => undefined);
    return { kind: "not_kept" };
  }
  await deps.repository.stored(id, { kind, contentType, bytes: content.length });
  const attachment = await deps.repository.find(id);
  return attachment ? { kind: "kept", attachment } : { kind: "session_gone" };
}
