export const ATTACHMENT_KINDS = ["image", "audio", "video", "file"] as const;
export type AttachmentKind = (typeof ATTACHMENT_KINDS)[number];

/** `pending`: being loaded. `stored`: its content is here. `failed`: it never will be. `expired`: it was, and was erased. */
export const ATTACHMENT_STATES = ["pending", "stored", "failed", "expired"] as const;
export type AttachmentState = (typeof ATTACHMENT_STATES)[number];

/** A file of a message, without its content. */
export interface AttachmentView {
  id: string;
  kind: AttachmentKind;
  /** As the sender named it, made safe to show and to save under. */
  name: string | null;
  /** What its content was found to be; until it is stored, what the sender said. */
  contentType: string | null;
  bytes: number | null;
  state: AttachmentState;
  /** Why it could not be had, for people. */
  error: string | null;
}
