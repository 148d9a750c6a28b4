import type { InboundAttachment } from "../../core/message/inbound-message.ts";
import { type FormParams, field } from "./params.ts";

/** More files than any message has, so that a forged count cannot cause much work. */
const MOST = 32;

/** The media of a message, as references: nothing is downloaded. */
export function attachmentsOf(params: FormParams): InboundAttachment[] {
  const count = Math.min(Number(field(params, "NumMedia") ?? 0) || 0, MOST);
  return Array.from({ length: count }, (_, index) => index).flatMap((index) => {
    const platformId = field(params, `MediaUrl${index}`);
    const contentType = field(params, `MediaContentType${index}`);
    if (platformId === undefined) return [];
    return [{ kind: kindOf(contentType), platformId, ...(contentType === undefined ? {} : { contentType }) }];
  });
}

function kindOf(contentType = ""): InboundAttachment["kind"] {
  const [kind] = contentType.split("/", 1);
  return kind === "image" || kind === "audio" || kind === "video" ? kind : "file";
}
