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
  /** Where whoever sent it has it; null for what users send. */
  sourceUrl: string | null;
}

/** A file that a bot sends: where it is to be had, for the platforms that show it and for us. */
export interface OutboundAttachment {
  url: string;
  name?: string | undefined;
  contentType?: string | undefined;
}

/** What a content type makes of a file. */
export function kindOfType(contentType: string | null | undefined): AttachmentKind {
  const family = contentType?.split("/", 1)[0]?.toLowerCase();
  return family === "image" || family === "audio" || family === "video" ? family : "file";
}

/** A file in words, for whoever only reads text. */
function attachmentInWords({ kind, name, contentType, state, error, sourceUrl }: AttachmentView): string {
  const what = name ?? contentType ?? kind;
  // What a bot sent went out by its address, whether or not we could keep it.
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

/** A text and its files in words. */
export function withAttachmentsInWords(text: string, attachments: readonly AttachmentView[]): string {
  return [text, ...attachments.map(attachmentInWords)].filter((line) => line.trim() !== "").join("\n");
}
