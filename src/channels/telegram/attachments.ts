import type { InboundAttachment } from "../../core/message/inbound-message.ts";
import type { TelegramContent, TelegramFile } from "./message.ts";

/** The files of a message, as references: nothing is downloaded. */
export function attachmentsOf(message: Omit<TelegramContent, "special">): InboundAttachment[] {
  const found: InboundAttachment[] = [];
  const add = (kind: InboundAttachment["kind"], file: TelegramFile | undefined) => {
    if (file !== undefined) found.push(attachment(kind, file));
  };
  // A photo comes in several sizes, the largest last.
  add("image", message.photo?.at(-1));
  add("image", message.sticker);
  add("audio", message.voice && { mime_type: "audio/ogg", ...message.voice });
  add("audio", message.audio);
  add("video", message.video);
  add("video", message.video_note);
  // An animation is repeated as a document for clients that do not know animations.
  if (message.animation !== undefined) add("video", message.animation);
  else add("file", message.document);
  for (const paid of message.paid_media?.paid_media ?? []) {
    add("image", paid.photo?.at(-1));
    add("video", paid.video);
  }
  return found;
}

function attachment(kind: InboundAttachment["kind"], file: TelegramFile): InboundAttachment {
  return {
    kind,
    platformId: file.file_id,
    ...(file.file_name === undefined ? {} : { name: file.file_name }),
    ...(file.mime_type === undefined ? {} : { contentType: file.mime_type }),
    ...(file.file_size === undefined ? {} : { bytes: file.file_size }),
  };
}
