import { storableText } from "../text/text.ts";
import { safeFileName } from "./file-name.ts";
import type { InboundAttachment } from "./inbound-message.ts";

/** The sender controls a platform's data about a file: names and sizes can be anything. */
export function storableFile(attachment: InboundAttachment): InboundAttachment {
  const { kind, platformId, name, contentType, bytes } = attachment;
  const safeName = name === undefined ? null : safeFileName(name);
  return {
    kind,
    platformId: storableText(platformId),
    ...(safeName === null ? {} : { name: safeName }),
    ...(contentType === undefined ? {} : { contentType: storableText(contentType).slice(0, 200) }),
    ...(bytes !== undefined && Number.isSafeInteger(bytes) && bytes >= 0 ? { bytes } : {}),
  };
}
