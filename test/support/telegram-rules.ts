/** A message that the fake delivered. */
export interface SentMessage {
  chatId: number;
  threadId: number | null;
  /** The topic of a channel's direct messages that contains it. */
  directTopicId: number | null;
  messageId: number;
  text: string;
  entities: { type: string; offset: number; length: number; url?: string; language?: string }[];
  /** True if Telegram fetches the URLs in it. */
  hasLinkPreview: boolean;
  /** The message that it answers. */
  replyTo: number | null;
  /** The buttons below it, row by row. */
  keyboard?: { text: string; callback_data?: string; url?: string }[][];
}

/** Chats with special rules. */
export interface ChatRules {
  /** Chats for direct messages of channels. */
  directMessages: Set<number>;
  /** Topics that refuse messages, as `<chat>:<thread>`. */
  goneThreads: Set<string>;
  /** Groups with topics that the bot manages, with the names of the topics and the closed ones. */
  forums: Map<number, { topics: Map<number, string>; closed: Set<number>; isMember?: boolean }>;
}

export function commandsAreValid(commands: unknown): boolean {
  return (
    Array.isArray(commands) &&
    commands.every(
      ({ command, description }) =>
        /^[a-z0-9_]{1,32}$/.test(command) && description.length >= 1 && description.length <= 256,
    )
  );
}

/** The target of a send within a chat, or Telegram's error text. */
export function readTopic(
  payload: Record<string, unknown>,
  { directMessages, goneThreads }: ChatRules,
): Pick<SentMessage, "chatId" | "threadId" | "directTopicId" | "replyTo"> | string {
  const { chat_id: chatId, message_thread_id: threadId = null, reply_parameters: reply = null } = payload;
  const { direct_messages_topic_id: directTopicId = null } = payload;
  if (typeof chatId !== "number" || !Number.isSafeInteger(chatId)) return "chat not found";
  if (!isId(threadId) || !isId(directTopicId)) return "wrong parameter in request";
  if (directMessages.has(chatId) && directTopicId === null)
    return "channel direct messages topic must be specified";
  if (!directMessages.has(chatId) && directTopicId !== null) return "direct messages topic not found";
  if (threadId !== null && (directMessages.has(chatId) || goneThreads.has(`${chatId}:${threadId}`)))
    return "message thread not found";
  const replyTo = reply === null ? null : (reply as { message_id?: unknown }).message_id;
  if (replyTo !== null && !(Number.isSafeInteger(replyTo) && Number(replyTo) > 0))
    return "message to be replied not found";
  return { chatId, threadId, directTopicId, replyTo: replyTo === null ? null : Number(replyTo) };
}

const isId = (value: unknown): value is number | null => value === null || Number.isSafeInteger(value);

/** The message of a `sendMessage`, or Telegram's error text. */
export function readMessage(
  payload: Record<string, unknown>,
  rules: ChatRules,
): Omit<SentMessage, "messageId"> | string {
  const place = readTopic(payload, rules);
  if (typeof place === "string") return place;
  const content = readContent(payload);
  return typeof content === "string" ? content : { ...place, ...content };
}

/** The content of a message, or Telegram's error text. */
export function readContent(
  payload: Record<string, unknown>,
): Pick<SentMessage, "text" | "entities" | "hasLinkPreview" | "keyboard"> | string {
  const { text, entities = [], parse_mode } = payload;
  if (typeof text !== "string" || text.trim() === "") return "message text is empty";
  if (!text.isWellFormed()) return "strings must be encoded in UTF-8";
  if (text.length > 4096) return "message is too long";
  if (parse_mode !== undefined) return "can't parse entities: this fake takes entities only";
  if (!Array.isArray(entities)) return "can't parse entities: expected an Array of MessageEntity";
  for (const entity of entities as SentMessage["entities"]) {
    const end = entity.offset + entity.length;
    const known = ["bold", "italic", "strikethrough", "code", "pre", "text_link"].includes(entity.type);
    if (
      !known ||
      !Number.isInteger(entity.offset) ||
      entity.offset < 0 ||
      entity.length < 1 ||
      end > text.length
    )
      return "can't parse entities: entity of a wrong type or beyond the text";
    if (isInsidePair(text, entity.offset) || isInsidePair(text, end))
      return "can't parse entities: entity begins or ends inside a character";
    if (entity.type === "text_link" && !URL.canParse(entity.url ?? ""))
      return "can't parse entities: wrong URL";
  }
  const keyboard = readKeyboard(payload["reply_markup"]);
  if (typeof keyboard === "string") return keyboard;
  const { is_disabled: isDisabled } = (payload["link_preview_options"] ?? {}) as { is_disabled?: boolean };
  const content = { text, entities, hasLinkPreview: isDisabled !== true };
  return keyboard === undefined ? content : { ...content, keyboard };
}

/** The rows of an inline keyboard, or Telegram's error text. */
export function readKeyboard(markup: unknown): SentMessage["keyboard"] | string {
  if (markup === undefined) return undefined;
  const { inline_keyboard: rows } = markup as { inline_keyboard: NonNullable<SentMessage["keyboard"]> };
  if (rows.flat().length > 100) return "REPLY_MARKUP_TOO_LONG";
  for (const { text, callback_data: data, url } of rows.flat()) {
    if (text.trim() === "") return "inline keyboard button text is empty";
    if ((data === undefined) === (url === undefined))
      return "text buttons are unallowed in the inline keyboard";
    if (data !== undefined && (data === "" || Buffer.byteLength(data) > 64)) return "BUTTON_DATA_INVALID";
    if (url !== undefined && !new URL(url).hostname.includes("."))
      return `inline keyboard button URL '${url}' is invalid: Wrong HTTP URL`;
  }
  return rows;
}

function isInsidePair(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return at > 0 && at < text.length && unit >= 0xdc00 && unit <= 0xdfff;
}
