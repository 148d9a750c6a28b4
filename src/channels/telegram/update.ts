import { z } from "zod";
import type { TelegramPlace } from "./address.ts";

/**
 * The part of a Telegram update that is read (Bot API 10, Update and Message). Parsing copies the named keys into
 * fresh objects, so nothing else that a body carries goes any further.
 */
const userSchema = z.object({
  id: z.number(),
  is_bot: z.boolean().optional(),
  first_name: z.string().optional(),
  last_name: z.string().optional(),
  username: z.string().optional(),
  language_code: z.string().optional(),
});

const fileSchema = z.object({
  file_id: z.string(),
  file_name: z.string().optional(),
  mime_type: z.string().optional(),
  file_size: z.number().optional(),
});

const entitiesSchema = z.array(z.object({ type: z.string(), user: userSchema.optional() })).optional();

const messageSchema = z.object({
  message_id: z.number(),
  from: userSchema.optional(),
  sender_chat: z.object({ id: z.number() }).optional(),
  chat: z.object({ id: z.int(), type: z.string(), title: z.string().optional() }),
  is_topic_message: z.boolean().optional(),
  message_thread_id: z.int().optional(),
  is_automatic_forward: z.boolean().optional(),
  reply_to_message: z
    .object({ from: userSchema.optional(), forum_topic_created: z.unknown().optional() })
    .optional(),
  text: z.string().optional(),
  entities: entitiesSchema,
  caption: z.string().optional(),
  caption_entities: entitiesSchema,
  migrate_to_chat_id: z.int().optional(),
  migrate_from_chat_id: z.int().optional(),
  photo: z.array(fileSchema).optional(),
  sticker: fileSchema.extend({ emoji: z.string().optional() }).optional(),
  voice: fileSchema.optional(),
  audio: fileSchema.optional(),
  video: fileSchema.optional(),
  video_note: fileSchema.optional(),
  animation: fileSchema.optional(),
  document: fileSchema.optional(),
});

export type TelegramMessage = z.infer<typeof messageSchema>;

const membershipSchema = z.object({
  chat: z.object({ id: z.int(), type: z.string() }),
  new_chat_member: z.object({ status: z.string() }),
});

/** What became of us in a chat (Bot API, ChatMemberUpdated): `kicked` in a private one is a block. */
export type TelegramMembership = z.infer<typeof membershipSchema>;

/** Somebody pressed the button below a draft that stops it (Bot API, MessageGenerationStopped). */
const stopSchema = z.object({ chat: z.object({ id: z.int() }), message_thread_id: z.int().optional() });

/** A press of a button below a message (Bot API, CallbackQuery); the message may be too old to be told more of. */
const callbackSchema = z.object({
  id: z.string(),
  from: userSchema,
  data: z.string().default(""),
  message: z
    .object({
      message_id: z.int(),
      chat: z.object({ id: z.int(), type: z.string(), title: z.string().optional() }),
    })
    .optional(),
});

export interface TelegramPress {
  /** To be answered with. */
  id: string;
  from: z.infer<typeof userSchema>;
  data: string;
  chat: { id: number; type: string; title?: string | undefined };
  messageId: number;
}

/** An update before its parts are read: at most one of them is there. */
interface UpdateParts {
  update_id?: unknown;
  message?: unknown;
  callback_query?: unknown;
  my_chat_member?: unknown;
  stopped_message_generation?: unknown;
}

/** An update: its number, and its message if it is one we read. */
export interface TelegramUpdate {
  updateId: number;
  /** Null for every other kind of update, and for a message of a shape we do not know. */
  message: TelegramMessage | null;
  membership: TelegramMembership | null;
  /** Where the answer being written is to be stopped. */
  stop: TelegramPlace | null;
  press: TelegramPress | null;
  /** Whether there was a message that could not be read. */
  unreadable: boolean;
}

/**
 * Reads an update; null if it is none. A message of an unknown shape is not an error: Telegram would repeat it for a
 * day and hold up everything else in that chat.
 */
export function parseUpdate(json: unknown): TelegramUpdate | null {
  if (typeof json !== "object" || json === null) return null;
  const parts: UpdateParts = json;
  const { update_id: updateId } = parts;
  if (typeof updateId !== "number" || !Number.isSafeInteger(updateId)) return null;
  const message = readAs(messageSchema, parts.message);
  return {
    updateId,
    message,
    membership: readAs(membershipSchema, parts.my_chat_member),
    stop: stopOf(readAs(stopSchema, parts.stopped_message_generation)),
    press: pressOf(readAs(callbackSchema, parts.callback_query)),
    unreadable: message === null && parts.message !== undefined,
  };
}

/** Null for what is not there, as most is not, and for what is of another shape. */
function readAs<T>(schema: z.ZodType<T>, part: unknown): T | null {
  return part === undefined ? null : (schema.safeParse(part).data ?? null);
}

function stopOf(stopped: z.infer<typeof stopSchema> | null): TelegramPlace | null {
  return stopped && { chatId: stopped.chat.id, threadId: stopped.message_thread_id ?? null };
}

/** Null for presses below messages that are in no chat: those of inline queries, which we send none of. */
function pressOf(query: z.infer<typeof callbackSchema> | null): TelegramPress | null {
  if (!query?.message) return null;
  const { id, from, data, message } = query;
  return { id, from, data, chat: message.chat, messageId: message.message_id };
}
