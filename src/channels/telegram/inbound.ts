import type { ChannelEvent, InboundMessage } from "../../core/channel-event.ts";
import { RequestError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Logger } from "../../core/logger.ts";
import { toAddress } from "./address.ts";
import { type Addressing, addressingOf } from "./addressing.ts";
import { attachmentsOf } from "./attachments.ts";
import type { IdentitySource } from "./identity.ts";
import type { TelegramMembership, TelegramMessage, TelegramPress, TelegramUpdate } from "./update.ts";

/** Human group admins who post anonymously come as this bot account of Telegram's (Bot API, `sender_chat`). */
const GROUP_ANONYMOUS_BOT = 1087968824;

/** The kinds of update asked for; an edit or a channel post never becomes a message. */
export const ALLOWED_UPDATES = [
  "message",
  "callback_query",
  "my_chat_member",
  "stopped_message_generation",
] as const;

export interface InboundDeps {
  /** Sets one bot's updates apart from those of another that had this channel's name before. */
  botId: number | null;
  identity: IdentitySource;
  readPress(press: TelegramPress, eventKey: string): Promise<ChannelEvent[]>;
  log: Logger;
}

/**
 * Turns updates into events; no events means that the update is acknowledged and nothing else. Throws 503 in the
 * one case that cannot be decided: a group message names a bot while Telegram has not yet told us our own name.
 */
export function createInbound({ botId, identity, readPress, log }: InboundDeps) {
  const ignore = (update: TelegramUpdate, reason: string): ChannelEvent[] => {
    log.debug({ updateId: update.updateId, reason }, "telegram update ignored");
    return [];
  };

  return async function readUpdate(update: TelegramUpdate): Promise<ChannelEvent[]> {
    const { message } = update;
    const eventKey = `update:${botId ?? "bot"}:${update.updateId}`;
    if (update.unreadable) {
      log.warn({ updateId: update.updateId }, "telegram message of an unknown shape ignored");
      return [];
    }
    if (update.membership !== null) return [membershipChange(update.membership)];
    if (update.stop !== null) return [{ type: "stop", address: toAddress(update.stop) }];
    if (update.press !== null) return readPress(update.press, eventKey);
    if (message === null) return ignore(update, "not a new message");
    const moved = migration(message);
    if (moved !== null) return [moved];
    const barred = barredBecause(message);
    if (barred !== null) return ignore(update, barred);
    const said = addressingOf(message, identity.current());
    const addressing = said.kind === "unsure" ? await decide(message, identity, log) : said;
    if (addressing.kind !== "for_us") return ignore(update, "not addressed to us");
    if (addressing.text.trim() === "" && attachmentsOf(message).length === 0) {
      log.info(
        { updateId: update.updateId, chatId: message.chat.id },
        "telegram message without text or file ignored",
      );
      return [];
    }
    return [toMessage(message, addressing, eventKey)];
  };
}

/** Whom a message is for, once we know who we are. */
async function decide(message: TelegramMessage, identity: IdentitySource, log: Logger) {
  const learned = await identity.learn().catch(() => null);
  const addressing = learned && addressingOf(message, learned);
  if (addressing !== null && addressing.kind !== "unsure") return addressing;
  log.warn({}, "a group message names a bot, but our own name is not known; set `username` on the channel");
  throw new RequestError(503, "bot_name_unknown", "this bot's name is not known yet; send the update again");
}

/** A group that became a supergroup says so twice, in the old chat and in the new one; either will do. */
function migration(message: TelegramMessage): ChannelEvent | null {
  const { migrate_to_chat_id: to, migrate_from_chat_id: from } = message;
  const here = String(message.chat.id);
  if (to !== undefined) return { type: "address_change", from: here, to: String(to) };
  if (from !== undefined) return { type: "address_change", from: String(from), to: here };
  return null;
}

/** Users block and unblock a bot, and groups throw it out and take it back; most say nothing else about it. */
function membershipChange({ chat, new_chat_member: { status } }: TelegramMembership): ChannelEvent {
  const isOut = status === "kicked" || status === "left";
  const reason =
    chat.type === "private" ? "the user blocked the bot" : "the bot is not in the group any more";
  const unreachable = isOut ? { code: "telegram_blocked", reason } : null;
  return { type: "reachability", userIdentifier: String(chat.id), unreachable };
}

/** Why a message is never answered whatever it says, or null. */
function barredBecause(message: TelegramMessage): string | null {
  const { chat, from } = message;
  if (chat.type !== "private" && chat.type !== "group" && chat.type !== "supergroup") return "not a chat";
  if (message.is_automatic_forward) return "forwarded from the linked channel";
  // Two bots that answer each other never stop.
  if (from?.is_bot && from.id !== GROUP_ANONYMOUS_BOT) return "written by a bot";
  return null;
}

function toMessage(
  message: TelegramMessage,
  addressing: Extract<Addressing, { kind: "for_us" }>,
  eventKey: string,
): InboundMessage {
  const threadId = message.is_topic_message ? (message.message_thread_id ?? null) : null;
  const address = toAddress({ chatId: message.chat.id, threadId });
  const person = message.from?.is_bot ? undefined : message.from;
  const userName = [person?.first_name, person?.last_name].filter((name) => name).join(" ");
  const attachments = attachmentsOf(message);
  return {
    type: "message",
    // Not the message id too: it is unique in a chat only, and one event of Telegram has one update id.
    eventKeys: [eventKey],
    conversation: { address, userIdentifier: address, externalId: null },
    ...(userName === "" ? {} : { userName }),
    profile: profileOf(message),
    text: addressing.text,
    ...(attachments.length === 0 ? {} : { attachments }),
    ...(addressing.payload === undefined ? {} : { payload: addressing.payload }),
  };
}

function profileOf(message: TelegramMessage): JsonObject {
  const { chat, from } = message;
  return {
    chat_type: chat.type,
    ...(chat.title === undefined ? {} : { chat_title: chat.title }),
    ...(from?.username === undefined ? {} : { username: from.username }),
    ...(from?.language_code === undefined ? {} : { locale: from.language_code }),
  };
}
