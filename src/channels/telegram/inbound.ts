import type { ChannelEvent } from "../../core/message/channel-event.ts";
import type { Logger } from "../../core/process/logger.ts";
import type { Later } from "../kit/later.ts";
import { toAddress } from "./address.ts";
import { addressingOf } from "./addressing.ts";
import { deskMessageOf } from "./desk-inbound.ts";
import type { IdentitySource } from "./identity.ts";
import { editOf, toMessage } from "./inbound-message.ts";
import type { TelegramMessage } from "./message.ts";
import { isByOwner, ownersWords } from "./owner.ts";
import { ratingOf } from "./reaction.ts";
import type { TelegramConnection, TelegramMembership, TelegramPress, TelegramUpdate } from "./update.ts";

/** Anonymous group admins appear as this bot account of Telegram (Bot API, `sender_chat`). */
const GROUP_ANONYMOUS_BOT = 1087968824;

/** The requested kinds of update. A channel post never becomes a message. */
export const ALLOWED_UPDATES = [
  "message",
  "edited_message",
  "callback_query",
  "my_chat_member",
  "message_reaction",
  "stopped_message_generation",
  "business_connection",
  "business_message",
  "edited_business_message",
] as const;

const BUSINESS =
  "telegram update of a business account ignored: `business` is false, so what is written to other accounts is not answered in their name";

export interface InboundDeps {
  /** Separates the updates of this bot from those of an earlier bot with the same channel name. */
  botId: number | null;
  identity: IdentitySource;
  /** True for the group of a desk, in which nothing is for the bot. */
  isDesk(chatId: string): boolean;
  readPress(press: TelegramPress, eventKey: string): Promise<ChannelEvent[] | Later>;
  /** True if the bot answers in the name of business accounts that it is connected with. */
  business: boolean;
  log: Logger;
}

/**
 * Converts updates to events. No events means that the update is only acknowledged. Later, in the only case that
 * cannot be decided. In that case a group message names a bot, but Telegram has not told us our own name yet.
 */
export function createInbound({ botId, identity, isDesk, readPress, business, log }: InboundDeps) {
  const ignore = (update: TelegramUpdate, reason: string): ChannelEvent[] => {
    log.debug({ updateId: update.updateId, reason }, "telegram update ignored");
    return [];
  };

  function connected({ id, user, is_enabled: isOn, rights }: TelegramConnection): ChannelEvent[] {
    const account = { connection: id, user_id: user.id };
    if (!isOn) log.info(account, "telegram business account disconnected");
    else if (rights?.can_reply) log.info(account, "telegram business account connected");
    else log.warn(account, "a telegram business account was connected, but the bot may not reply there");
    return [];
  }

  return async function readUpdate(update: TelegramUpdate): Promise<ChannelEvent[] | Later> {
    const { message } = update;
    const eventKey = `update:${botId ?? "bot"}:${update.updateId}`;
    if (update.unreadable) {
      log.warn({ updateId: update.updateId }, "telegram message of an unknown shape ignored");
      return [];
    }
    if (update.membership !== null) return [membershipChange(update.membership)];
    if (update.stop !== null) return [{ type: "stop", address: toAddress(update.stop) }];
    if (update.reaction !== null) return [ratingOf(update.reaction)];
    if (update.press !== null) return readPress(update.press, eventKey);
    if (update.isBusiness && !business) {
      log.info({ updateId: update.updateId }, BUSINESS);
      return [];
    }
    if (update.connection !== null) return connected(update.connection);
    if (message === null) return ignore(update, "not a new message");
    return readMessage(update, message, eventKey);
  };

  async function readMessage(
    update: TelegramUpdate,
    message: TelegramMessage,
    eventKey: string,
  ): Promise<ChannelEvent[] | Later> {
    const { isEdit } = update;
    const moved = migration(message);
    if (moved !== null) return [moved];
    // Telegram reports each move of a live location, for hours. They change no words.
    if (isEdit && message.unread.includes("location")) return ignore(update, "a live location that moved");
    const barred = barredBecause(message);
    if (barred !== null) return ignore(update, barred);
    if (isByOwner(message)) {
      const words = isEdit ? null : ownersWords(message, eventKey);
      return words === null ? ignore(update, "nothing new of the owner") : [words];
    }
    if (isDesk(String(message.chat.id))) {
      if (isEdit) return ignore(update, "an edit at a desk");
      const words = deskMessageOf(message, eventKey);
      return words === null ? ignore(update, "not in a topic of a desk") : [words];
    }
    const said = addressingOf(message, identity.current());
    const addressing = said.kind === "unsure" ? await decide(message, identity, log) : said;
    if (addressing.kind === "later") return addressing;
    // Only one picture of an album carries the caption, and with it the mention. The others are for us if that one is.
    const isPart = addressing.kind === "overheard" && message.media_group_id !== undefined && !isEdit;
    if (addressing.kind !== "for_us" && !isPart) return ignore(update, "not addressed to us");
    const event = toMessage(message, addressing, eventKey, identity.current());
    if (isEdit) return [editOf(event, message)];
    if (isPart) event.onlyWithAlbum = true;
    if (event.text.trim() === "" && event.attachments === undefined) {
      const { chat, unread } = message;
      const where = { updateId: update.updateId, chatId: chat.id };
      log.info({ ...where, unread }, "telegram message without text or file ignored");
      return [];
    }
    return [event];
  }
}

const NAME_UNKNOWN: Later = { kind: "later", reason: "This bot's name is not known yet." };

/** Decides again after we have learned our name. */
async function decide(message: TelegramMessage, identity: IdentitySource, log: Logger) {
  const learned = await identity.learn().catch(() => null);
  const addressing = learned && addressingOf(message, learned);
  if (addressing !== null && addressing.kind !== "unsure") return addressing;
  log.warn({}, "a group message names a bot, but our own name is not known; set `username` on the channel");
  return NAME_UNKNOWN;
}

/** A group that becomes a supergroup reports it twice, in the old chat and in the new one. Either report is enough. */
function migration(message: TelegramMessage): ChannelEvent | null {
  const { migrate_to_chat_id: to, migrate_from_chat_id: from } = message;
  const here = String(message.chat.id);
  if (to !== undefined) return { type: "address_change", from: here, to: String(to) };
  if (from !== undefined) return { type: "address_change", from: String(from), to: here };
  return null;
}

/** Users block and unblock a bot, and groups remove it and add it again. Most of them say nothing else about it. */
function membershipChange({ chat, new_chat_member: { status } }: TelegramMembership): ChannelEvent {
  const isOut = status === "kicked" || status === "left";
  const reason =
    chat.type === "private" ? "the user blocked the bot" : "the bot is not in the group any more";
  const unreachable = isOut ? { code: "telegram_blocked", reason } : null;
  return { type: "reachability", userIdentifier: String(chat.id), unreachable };
}

/** The reason why a message is never answered, whatever its text; null: there is none. */
function barredBecause(message: TelegramMessage): string | null {
  const { chat, from } = message;
  if (chat.type !== "private" && chat.type !== "group" && chat.type !== "supergroup") return "not a chat";
  if (message.is_automatic_forward) return "forwarded from the linked channel";
  // Without a topic, one person's messages cannot be separated from another's.
  if (chat.is_direct_messages && !message.direct_messages_topic) return "a direct message without a topic";
  // We, or another bot, wrote it in the name of the business account.
  if (message.sender_business_bot !== undefined) return "written by a bot for a business account";
  // Two bots that answer each other never stop. People who speak for a chat appear as a bot of Telegram.
  if (from?.is_bot && from.id !== GROUP_ANONYMOUS_BOT && message.sender_chat === undefined)
    return "written by a bot";
  return null;
}
