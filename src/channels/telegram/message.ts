import { z } from "zod";
import { specialWords } from "./special.ts";

/**
 * The fields of a message that are read (Bot API 10, Message). Parsing copies only these keys into new objects, so no
 * other field of a body is used later.
 */
export const userSchema = z.object({
  id: z.number(),
  is_bot: z.boolean().optional(),
  first_name: z.string().optional(),
  last_name: z.string().optional(),
  username: z.string().optional(),
  language_code: z.string().optional(),
});

/** An optional field that is less important than its message. A value of another type is ignored. */
const spare = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined);

const fileSchema = z.object({
  file_id: z.string(),
  file_name: z.string().optional(),
  mime_type: z.string().optional(),
  file_size: z.number().optional(),
});

export type TelegramFile = z.infer<typeof fileSchema>;

const entitiesSchema = spare(
  z.array(
    z.object({
      type: z.string(),
      offset: z.int().nonnegative().default(0),
      length: z.int().nonnegative().default(0),
      url: z.string().optional(),
      language: z.string().optional(),
      user: userSchema.optional(),
    }),
  ),
);

export const chatSchema = z.object({
  // A chat without a number is none, and nobody can answer there.
  id: z.int().refine((id) => id !== 0),
  type: z.string(),
  title: z.string().optional(),
  is_direct_messages: z.boolean().optional(),
});

/** A person, or a chat that speaks as the sender. Each kind has different name fields. */
const namedChatSchema = z.object({
  id: z.number(),
  title: z.string().optional(),
  first_name: z.string().optional(),
  last_name: z.string().optional(),
});

/** Each person who writes to a channel has a separate topic in its direct messages. */
export const directTopicSchema = z.object({ topic_id: z.int() }).optional();

/** Text and files of a message, and of the messages it refers to. */
const contentShape = {
  text: z.string().optional(),
  entities: entitiesSchema,
  caption: z.string().optional(),
  caption_entities: entitiesSchema,
  photo: z.array(fileSchema).optional(),
  sticker: fileSchema.extend({ emoji: z.string().optional() }).optional(),
  voice: fileSchema.optional(),
  audio: fileSchema.optional(),
  video: fileSchema.optional(),
  video_note: fileSchema.optional(),
  animation: fileSchema.optional(),
  document: fileSchema.optional(),
  paid_media: spare(
    z.object({
      paid_media: z.array(z.object({ photo: z.array(fileSchema).optional(), video: fileSchema.optional() })),
    }),
  ),
};

const contentSchema = z.object(contentShape);

/** Text and files, and a description of other content. */
export type TelegramContent = z.infer<typeof contentSchema> & { special: string | null };

const originSchema = z.object({
  sender_user: userSchema.optional(),
  sender_user_name: z.string().optional(),
  sender_chat: namedChatSchema.optional(),
  chat: namedChatSchema.optional(),
});

export type TelegramOrigin = z.infer<typeof originSchema>;

const repliedSchema = z.object({
  ...contentShape,
  message_id: z.number().optional(),
  from: userSchema.optional(),
  sender_chat: namedChatSchema.optional(),
  author_signature: z.string().optional(),
  forum_topic_created: z.unknown().optional(),
});

const externalSchema = z.object({ ...contentShape, origin: originSchema });

const messageSchema = z.object({
  ...contentShape,
  message_id: z.number(),
  date: spare(z.number()),
  edit_date: spare(z.number()),
  from: userSchema.optional(),
  sender_chat: namedChatSchema.optional(),
  author_signature: z.string().optional(),
  chat: chatSchema,
  direct_messages_topic: directTopicSchema,
  is_topic_message: z.boolean().optional(),
  message_thread_id: z.int().optional(),
  is_automatic_forward: z.boolean().optional(),
  media_group_id: spare(z.string()),
  forward_origin: spare(originSchema),
  quote: spare(z.object({ text: z.string(), entities: entitiesSchema })),
  reply_to_story: spare(z.object({ chat: namedChatSchema })),
  business_connection_id: spare(z.string().min(1)),
  /** The bot that wrote it in the name of a business account. */
  sender_business_bot: spare(userSchema),
  migrate_to_chat_id: z.int().optional(),
  migrate_from_chat_id: z.int().optional(),
});

/** A message, and the messages it refers to. */
export type TelegramMessage = z.infer<typeof messageSchema> & {
  special: string | null;
  /** Unknown fields of a message without text, for the log. */
  unread: string[];
  /** The message that it answers, in the same chat. */
  replied: (z.infer<typeof repliedSchema> & TelegramContent) | null;
  /** The message that it answers, in another chat or topic. */
  external: (TelegramContent & { origin: TelegramOrigin }) | null;
};

/** Null if the value is not a message, or has an unknown form. */
export function readMessage(raw: unknown): TelegramMessage | null {
  const { data } = messageSchema.safeParse(raw);
  if (data === undefined || typeof raw !== "object" || raw === null) return null;
  const { reply_to_message: replied, external_reply: external }: PointsAt = raw;
  return Object.assign(data, {
    // A message with a text has no other content.
    special: data.text === undefined ? specialWords(raw) : null,
    unread:
      data.text === undefined ? Object.keys(raw).filter((field) => !(field in messageSchema.shape)) : [],
    replied: withSpecial(repliedSchema, replied),
    external: withSpecial(externalSchema, external),
  });
}

interface PointsAt {
  reply_to_message?: unknown;
  external_reply?: unknown;
}

/** Null if it is absent or has an unknown form, because the message itself is more important. */
function withSpecial<T extends object>(
  schema: z.ZodType<T>,
  raw: unknown,
): (T & { special: string | null }) | null {
  if (typeof raw !== "object" || raw === null) return null;
  const { data } = schema.safeParse(raw);
  return data === undefined ? null : Object.assign(data, { special: specialWords(raw) });
}
