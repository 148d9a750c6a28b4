export const ATTACHMENT_KINDS = ["image", "audio", "video", "file"] as const;
export type AttachmentKind = (typeof ATTACHMENT_KINDS)[number];

/**
 * `pending`: the content is being loaded. `stored`: we have it. `failed`: it cannot be loaded. `expired`: it was
 * stored, then erased.
 */
export const ATTACHMENT_STATES = ["pending", "stored", "failed", "expired"] as const;
export type AttachmentState = (typeof ATTACHMENT_STATES)[number];

/** A file of a message, without its content. */
export interface AttachmentView {
  id: string;
  kind: AttachmentKind;
  /** The sender's name for it, made safe to show and to save under. */
  name: string | null;
  /** The detected type of the content. Until the content is stored, the type that the sender declared. */
  contentType: string | null;
  bytes: number | null;
  state: AttachmentState;
  /** The reason why the file could not be loaded, for people. */
  error: string | null;
  /** The sender's URL of the file; null for files that users send. */
  sourceUrl: string | null;
  /** A sound whose words, or the reason why it has none, stand in its message. */
  heard?: true;
}

/** A file that a bot sends. We and the platforms that show it fetch it from `url`. */
export interface OutboundAttachment {
  url: string;
  name?: string | undefined;
  contentType?: string | undefined;
}

/** The kind of file for a content type. */
export function kindOfType(contentType: string | null | undefined): AttachmentKind {
  const family = contentType?.split("/", 1)[0]?.toLowerCase();
  return family === "image" || family === "audio" || family === "video" ? family : "file";
}

/** A file as words, for readers that take only text. */
function attachmentInWords(attachment: AttachmentView): string {
  const { kind, name, contentType, state, error, sourceUrl, heard } = attachment;
  if (heard) return "";
  const what = name ?? contentType ?? kind;
  // A bot's file is sent by its URL, even if we could not keep a copy.
  if (sourceUrl !== null) return `[${kind}: ${what}]`;
  switch (state) {
    case "stored":
      return `[${kind}: ${what}]`;
    case "pending":
      return `[${kind} that is still being loaded: ${what}]`;
    case "expired":
      return `[${kind} that is no longer kept: ${what}]`;
    case "failed":
      return `[attachment could not be loaded: ${what}${error === null ? "" : `: ${error}`}]`;
  }
}

export function withAttachmentsInWords(text: string, attachments: readonly AttachmentView[]): string {
  return [text, ...attachments.map(attachmentInWords)].filter((line) => line.trim() !== "").join("\n");
}
