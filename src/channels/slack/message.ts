import { z } from "zod";

const blockSchema = z.looseObject({ type: z.string() });
/** The format can be anything, and one unreadable part must not lose the others. */
const blocksSchema = readable(blockSchema).optional().catch(undefined);

const fileSchema = z.object({
  id: z.string(),
  name: z.string().nullish(),
  mimetype: z.string().nullish(),
  /** `slack_audio` for a voice message. */
  subtype: z.string().nullish().catch(null),
  size: z.number().nullish(),
});
const filesSchema = readable(fileSchema).optional().catch(undefined);

/** An attachment of a message: a forwarded message, a pasted table, or the preview of a link. */
const attachmentSchema = z.object({
  /** A person forwarded it; it is not only the preview of a link. */
  is_share: z.boolean().nullish(),
  text: z.string().nullish(),
  fallback: z.string().nullish(),
  author_id: z.string().nullish(),
  author_name: z.string().nullish(),
  author_subname: z.string().nullish(),
  from_url: z.string().nullish(),
  channel_id: z.string().nullish(),
  ts: z.string().nullish(),
  files: filesSchema,
  blocks: blocksSchema,
  message_blocks: z
    .array(z.object({ message: z.object({ blocks: blocksSchema }) }))
    .optional()
    .catch(undefined),
});
const attachmentsSchema = readable(attachmentSchema);

/** The content of a message, in an event and in a thread that is read. */
export const contentSchema = z.object({
  text: z.string().nullish(),
  blocks: blocksSchema,
  files: filesSchema,
  attachments: attachmentsSchema.optional().catch(undefined),
});

/** The fields that we read of a writer in an event. */
export const profileSchema = z
  .object({
    display_name: z.string().nullish(),
    real_name: z.string().nullish(),
    name: z.string().nullish(),
    team: z.string().nullish(),
  })
  .nullish()
  .catch(null);

/** A list without the items of another shape. */
function readable<T>(itemSchema: z.ZodType<T>) {
  return z.array(z.unknown()).transform((items) =>
    items.flatMap((item) => {
      const parsed = itemSchema.safeParse(item);
      return parsed.success ? [parsed.data] : [];
    }),
  );
}

export type SlackContent = z.infer<typeof contentSchema>;
export type SlackAttachment = z.infer<typeof attachmentSchema>;
export type SlackFile = z.infer<typeof fileSchema>;
