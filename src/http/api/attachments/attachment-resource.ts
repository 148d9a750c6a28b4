import { z } from "zod";
import {
  ATTACHMENT_KINDS,
  ATTACHMENT_STATES,
  type AttachmentView,
} from "../../../core/message/attachment.ts";
import { idSchema } from "../route/wire-schemas.ts";

/** A message's file in the API's format. */
export const attachmentSchema = z
  .object({
    id: idSchema,
    kind: z.enum(ATTACHMENT_KINDS),
    name: z.string().nullable(),
    content_type: z
      .string()
      .nullable()
      .describe("The type that was found in the content. Until the file is stored, the type from the sender"),
    bytes: z.int().nullable(),
    state: z.enum(ATTACHMENT_STATES).describe("`pending`: being loaded; `expired`: no longer kept"),
    error: z.string().nullable().describe("Why it could not be had"),
    url: z
      .string()
      .nullable()
      .describe(
        "The address of its content: a path on this host once it is `stored`. Until then, the address at the bot that sent it",
      ),
  })
  .meta({ id: "Attachment" });

export function toAttachmentObject(view: AttachmentView): z.output<typeof attachmentSchema> {
  const { id, kind, name, bytes, state, error } = view;
  const url = state === "stored" ? `/api/v1/attachments/${id}/content` : view.sourceUrl;
  return { id, kind, name, content_type: view.contentType, bytes, state, error, url };
}
