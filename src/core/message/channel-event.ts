import type { Unreachable } from "../session/reachability.ts";
import type { JsonObject } from "../text/json.ts";
import type { AttachmentKind } from "./attachment.ts";
import type { DeskMessage, DeskPress } from "./desk-event.ts";
import type { Rating } from "./rating.ts";

/** A conversation on a platform, in the channel's own terms. */
export interface ConversationRef {
  /**
   * The address for replies (`12345`, `-100987:17` for a forum topic). Only the channel reads it. Each address has its
   * own delivery queue.
   */
  address: string;
  /** The user, unique within the channel. */
  userIdentifier: string;
  /**
   * Other identifiers of the same user, for platforms that use several (a phone number, an id). An event may lack some.
   * A user known by any of them stays the same user and keeps the stored address.
   */
  aliases?: readonly string[];
  /**
   * The group that the conversation is a topic of, or the person whose topic it is. Access for one of them is access
   * for the conversation.
   */
  partOf?: string;
  /**
   * Names the session on channels with many sessions per user (Slack: channel + thread). Null: a user has one session.
   */
  externalKey: string | null;
}

/** A file that came with a message: its id on the platform, and what the platform told about it. */
export interface InboundAttachment {
  kind: AttachmentKind;
  platformId: string;
  name?: string;
  contentType?: string;
  bytes?: number;
}

/** A message that another message refers to: the thread before a first mention, a forward, a quote, a reply. */
export interface MessageReference {
  kind: "thread" | "forward" | "quote" | "reply";
  /** The author's name as the platform gives it. */
  author?: string;
  /** Excerpt of the text. The store keeps at most 1,000 characters. */
  text?: string;
  /** The platform's id of the message. The store uses it to find our own message. */
  externalId?: string;
}

/** A user's message in the one format that every channel produces. */
export interface InboundMessage {
  type: "message";
  /** Platform event ids, at least one. The message is new only if every id is new. */
  eventKeys: readonly [string, ...string[]];
  conversation: ConversationRef;
  /** The slug of the target agent, on channels with several agents. Absent: the channel's own agent. */
  agent?: string;
  /** Display name as the platform gave it. Fills the variable `user_name`. */
  userName?: string;
  /** Other data of the platform about the user (username). `locale` is their language, as a tag. */
  profile?: JsonObject;
  text: string;
  attachments?: InboundAttachment[];
  /** The payload of a pressed button. */
  payload?: string;
  /** The writer, in a conversation where several people can write (a group, a thread). Absent if one person writes. */
  author?: { identifier: string; name?: string };
  /** The time of writing by the platform's clock. Absent if the platform does not tell it. */
  sentAt?: Date;
  /**
   * Messages that this one refers to, nearest last. If the message is only a forward, the forwarded text is also in
   * `text`.
   */
  references?: readonly MessageReference[];
  /** Messages of one album share this key within their conversation. They become one message. */
  albumKey?: string;
  /**
   * With `albumKey`: a part that is not for the bot by itself (a group's picture without a mention). The bot gets it
   * only together with another part of its album. It is kept for one minute, so that it can join that part.
   */
  onlyWithAlbum?: true;
  /**
   * The platform's token for a reply to exactly this message (an interaction, a reply token). Only the channel reads
   * it.
   */
  replyReference?: string;
  /**
   * The platform reports one message in several events, and this event may contain more than an earlier one. New files
   * and references join the stored message until its turn begins. After that they become a separate message.
   */
  supplements?: true;
  /**
   * The user rewrote the message with the same `replyReference`, or the message with this event key. Its words change if
   * its turn has not begun. If the message is unknown, the edit waits for it.
   */
  edits?: true | { eventKey: string };
  /** The origin of the message (an advertisement). Kept with the message, and with a session that has no such data yet. */
  metadata?: JsonObject;
  /**
   * The data behind the words: a place (`location`), shared `contacts`, a `reaction`. Bots get it, and it is kept in the
   * message's metadata.
   */
  details?: JsonObject;
}

/**
 * A person of the business wrote to a user with the platform's own app. It becomes history and is not answered. It has no
 * effect if `externalId` is one of our own sends.
 */
export interface OperatorMessage {
  type: "operator_message";
  eventKeys: readonly [string, ...string[]];
  externalId: string;
  conversation: ConversationRef;
  /** `via`: the app it was written with. */
  author: { identifier: string; name?: string; via: string };
  text: string;
  attachments?: InboundAttachment[];
  sentAt?: Date;
}

/** A user opened the conversation without a message. For what may be sent, it counts like a message. */
export interface Arrival {
  type: "arrival";
  eventKeys: readonly [string, ...string[]];
  conversation: ConversationRef;
  userName?: string;
  profile?: JsonObject;
  sentAt?: Date;
}

/** The platform's report about a message that we sent. */
export interface DeliveryReceipt {
  type: "receipt";
  externalId: string;
  /** The delivery's id, if the platform returns data that we sent with the message. */
  deliveryId?: string;
  state: "sent" | "delivered" | "read" | "failed";
  errorCode?: string;
  errorMessage?: string;
  /**
   * `failed` only: the same as in an answer to a send. `retry`: another send may work, after `afterMs` if it is known.
   * `parked`: it must wait until the user writes again. Absent: the failure is final.
   */
  meaning?: "retry" | "parked";
  afterMs?: number;
  /** With `afterMs`: the part of the channel that waits, as in an answer to the send. */
  scope?: "conversation" | "connection";
  /** `failed` only: nothing sent to this user arrives before they write again (they opted out). */
  userUnreachable?: true;
}

/** A conversation has a new address (a Telegram group became a supergroup). */
export interface AddressChange {
  type: "address_change";
  from: string;
  to: string;
}

/** A user asked to stop the current answer (Telegram's stop button). */
export interface StopRequest {
  type: "stop";
  address: string;
}

/** A user blocked the bot, or allows it to write again. */
export interface ReachabilityChange {
  type: "reachability";
  userIdentifier: string;
  /** Other names of the same user. */
  aliases?: readonly string[];
  /** The reason why nothing arrives any more; null: messages arrive again. */
  unreachable: Unreachable | null;
}

/** A user accepts or refuses marketing messages. */
export interface MarketingPreference {
  type: "marketing_preference";
  userIdentifier: string;
  /** Other names of the same user. */
  aliases?: readonly string[];
  isWanted: boolean;
}

/** A person rated a message of ours with a reaction, or took the rating back. */
export interface MessageRating {
  type: "rating";
  /** The platform's id of the message. A message that we did not send is nobody's answer. */
  externalId: string;
  /** The beginning of the conversation's address, without its thread or topic. A reaction may lack these. */
  place: string;
  rater: { identifier: string; name?: string };
  /** Null: taken back. */
  rating: Rating | null;
  /** With a rating that is taken back, if the platform names it. Another one stays. */
  takesBack?: Rating;
  /** Time of the reaction by the platform's clock. An older reaction changes nothing. */
  at?: Date;
}

export type ChannelEvent =
  | InboundMessage
  | DeskMessage
  | DeskPress
  | OperatorMessage
  | Arrival
  | MarketingPreference
  | MessageRating
  | DeliveryReceipt
  | AddressChange
  | StopRequest
  | ReachabilityChange;
