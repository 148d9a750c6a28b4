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
      .describe("What the content was found to be; until it is stored, what the sender said"),
    bytes: z.int().nullable(),
    state: z.enum(ATTACHMENT_STATES).describe("`pending`: being loaded; `expired`: no longer kept"),
    error: z.string().nullable().describe("Why it could not be had"),
    url: z
      .string()
      .nullable()
      .describe(
        "Where its content is: a path on this host once it is `stored`; until then, where the bot that sent it has it",
      ),
  })
  .meta({ id: "Attachment" });

export function toAttachmentObject(view: AttachmentView): z.output<typeof attachmentSchema> {
  const { id, kind, name, bytes, state, error } = view;
  const url = state === "stored" ? `/api/v1/attachments/${id}/content` : view.sourceUrl;
  return { id, kind, name, content_type: view.contentType, bytes, state, error, url };
}
