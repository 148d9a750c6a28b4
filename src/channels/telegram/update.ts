import { z } from "zod";
import type { TelegramPlace } from "./address.ts";
import { chatSchema, directTopicSchema, readMessage, type TelegramMessage, userSchema } from "./message.ts";

const membershipSchema = z.object({
  chat: z.object({ id: z.int(), type: z.string() }),
  new_chat_member: z.object({ status: z.string() }),
});

/** Our new status in a chat (Bot API, ChatMemberUpdated). In a private chat, `kicked` means a block. */
export type TelegramMembership = z.infer<typeof membershipSchema>;

/** Somebody pressed the stop button below a draft (Bot API, MessageGenerationStopped). */
const stopSchema = z.object({ chat: z.object({ id: z.int() }), message_thread_id: z.int().optional() });

/** A press of a button below a message (Bot API, CallbackQuery). For an old message Telegram sends fewer fields. */
const callbackSchema = z.object({
  id: z.string(),
  from: userSchema,
  data: z.string().default(""),
  message: z
    .object({
      message_id: z.int(),
      chat: chatSchema,
      direct_messages_topic: directTopicSchema,
      business_connection_id: z.string().optional(),
      is_topic_message: z.boolean().optional(),
      message_thread_id: z.int().optional(),
    })
    .optional(),
});

const reactionsSchema = z.array(z.object({ type: z.string(), emoji: z.string().optional() }));

/**
 * Somebody changed their reactions to a message (Bot API, MessageReactionUpdated). A group that reacts anonymously has no
 * `user`. The topic of the message is not told.
 */
const reactionSchema = z.object({
  chat: z.object({ id: z.int(), title: z.string().optional() }),
  message_id: z.int(),
  user: userSchema.optional(),
  actor_chat: z.object({ id: z.int(), title: z.string().optional() }).optional(),
  date: z.int(),
  new_reaction: reactionsSchema,
});

export type TelegramReaction = z.infer<typeof reactionSchema>;

export interface TelegramPress {
  /** Id for the answer to the press. */
  id: string;
  from: z.infer<typeof userSchema>;
  data: string;
  chat: z.infer<typeof chatSchema>;
  /** The topic of direct messages that contains the message, if any. */
  directTopic: number | null;
  /** The connection with the business account whose chat contains the message, if any. */
  business: string | null;
  /** The forum topic that contains the message, if any. */
  threadId: number | null;
  messageId: number;
}

const connectionSchema = z.object({
  id: z.string(),
  user: userSchema,
  is_enabled: z.boolean().default(false),
  rights: z
    .object({ can_reply: z.boolean().default(false) })
    .optional()
    .catch(undefined),
});

/** Somebody connected the bot with their business account, or changed that (Bot API, BusinessConnection). */
export type TelegramConnection = z.infer<typeof connectionSchema>;

/** An update before its parts are read: at most one of them is present. */
interface UpdateParts {
  update_id?: unknown;
  message?: unknown;
  edited_message?: unknown;
  callback_query?: unknown;
  my_chat_member?: unknown;
  message_reaction?: unknown;
  stopped_message_generation?: unknown;
  business_connection?: unknown;
  business_message?: unknown;
  edited_business_message?: unknown;
}

/** An update: its number, and its message if it is one that we read. */
export interface TelegramUpdate {
  updateId: number;
  /** Null for every other kind of update, and for a message of an unknown form. */
  message: TelegramMessage | null;
  /** True if it is an earlier message, as its writer changed it. */
  isEdit: boolean;
  membership: TelegramMembership | null;
  /** The chat in which the current answer must stop. */
  stop: TelegramPlace | null;
  press: TelegramPress | null;
  reaction: TelegramReaction | null;
  connection: TelegramConnection | null;
  /** True if it concerns a business account that is connected to the bot. The bot can answer in its name. */
  isBusiness: boolean;
  /** True if it contains a message that could not be read. */
  unreadable: boolean;
}

/**
 * Reads an update; null if it is none. A message of an unknown form is not an error, because Telegram would repeat it
 * for a day. During that time everything else in that chat would wait.
 */
export function parseUpdate(json: unknown): TelegramUpdate | null {
  if (typeof json !== "object" || json === null) return null;
  const parts: UpdateParts = json;
  const { update_id: updateId } = parts;
  if (typeof updateId !== "number" || !Number.isSafeInteger(updateId)) return null;
  const edited = parts.edited_message ?? parts.edited_business_message;
  const written = edited ?? parts.message ?? parts.business_message;
  const message = written === undefined ? null : readMessage(written);
  return {
    updateId,
    message,
    isEdit: edited !== undefined,
    membership: readAs(membershipSchema, parts.my_chat_member),
    stop: stopOf(readAs(stopSchema, parts.stopped_message_generation)),
    reaction: readAs(reactionSchema, parts.message_reaction),
    press: pressOf(readAs(callbackSchema, parts.callback_query)),
    connection: readAs(connectionSchema, parts.business_connection),
    isBusiness: [parts.business_message, parts.edited_business_message, parts.business_connection].some(
      (part) => part !== undefined,
    ),
    unreadable: message === null && written !== undefined,
  };
}

/** Null for an absent value, which is usual, and for a value of another form. */
function readAs<T>(schema: z.ZodType<T>, part: unknown): T | null {
  return part === undefined ? null : (schema.safeParse(part).data ?? null);
}

function stopOf(stopped: z.infer<typeof stopSchema> | null): TelegramPlace | null {
  if (stopped === null) return null;
  const { chat, message_thread_id: id } = stopped;
  return { chatId: chat.id, topic: id === undefined ? null : { kind: "thread", id } };
}

/** Null for presses below messages without a chat: those of inline queries, which we never send. */
function pressOf(query: z.infer<typeof callbackSchema> | null): TelegramPress | null {
  if (!query?.message) return null;
  const { id, from, data, message } = query;
  const directTopic = message.direct_messages_topic?.topic_id ?? null;
  const threadId = message.is_topic_message ? (message.message_thread_id ?? null) : null;
  const { chat, message_id: messageId, business_connection_id: business = null } = message;
  return { id, from, data, chat, directTopic, business, threadId, messageId };
}
