import type { Unreachable } from "../session/reachability.ts";
import type { JsonObject } from "../text/json.ts";
import type { DeskMessage, DeskPress } from "./desk-event.ts";
import type { ConversationRef, InboundAttachment, InboundMessage } from "./inbound-message.ts";
import type { Rating } from "./rating.ts";

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
