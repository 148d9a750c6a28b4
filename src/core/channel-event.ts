import type { AttachmentKind } from "./attachment.ts";
import type { JsonObject } from "./json.ts";
import type { Unreachable } from "./reachability.ts";

/** Where a conversation takes place on a platform, in the channel's own terms. */
export interface ConversationRef {
  /** Where replies go, opaque outside the channel (`12345`, `-100987:17` for a forum topic). One delivery lane per address. */
  address: string;
  /** The individual chatting, unique within the channel. */
  userIdentifier: string;
  /**
   * What else the platform calls them, where one person may come under several names (a number, an id for it); maybe
   * nothing this time. Whoever was known by any of these stays who they are, at the address they had.
   */
  aliases?: readonly string[];
  /** Names the session on channels with many sessions per user (Slack: channel + thread). Null where a user has one. */
  externalId: string | null;
}

/** A file that came with a message: where the platform keeps it and what it said about it. */
export interface InboundAttachment {
  kind: AttachmentKind;
  platformId: string;
  name?: string;
  contentType?: string;
  bytes?: number;
}

/** What a user wrote, in the one normal form every channel speaks. */
export interface InboundMessage {
  type: "message";
  /** Platform event ids; the message is new only if every one of them is. At least one. */
  eventKeys: readonly [string, ...string[]];
  conversation: ConversationRef;
  /** The agent (its slug) it is for, where a channel has several; else the channel's own. */
  agent?: string;
  /** Display name as the platform gave it; feeds the variable `user_name`. */
  userName?: string;
  /** What else the platform said about the user (username, locale). */
  profile?: JsonObject;
  text: string;
  attachments?: InboundAttachment[];
  /** What a pressed button carried. */
  payload?: string;
}

/** The platform's word on something we sent. */
export interface DeliveryReceipt {
  type: "receipt";
  externalId: string;
  /** Which delivery it is, where the platform gives back what was sent along. */
  deliveryId?: string;
  state: "sent" | "delivered" | "read" | "failed";
  errorCode?: string;
  errorMessage?: string;
  /** `failed` only: nothing sent to this user will arrive before they write again (they opted out). */
  userUnreachable?: true;
}

/** A conversation got another address (a Telegram group became a supergroup). */
export interface AddressChange {
  type: "address_change";
  from: string;
  to: string;
}

/** A user asked to stop the answer being written (Telegram's stop button). */
export interface StopRequest {
  type: "stop";
  address: string;
}

/** A user blocked the bot, or lets it write again. */
export interface ReachabilityChange {
  type: "reachability";
  userIdentifier: string;
  /** Why nothing arrives any more; null: it does again. */
  unreachable: Unreachable | null;
}

export type ChannelEvent =
  | InboundMessage
  | DeliveryReceipt
  | AddressChange
  | StopRequest
  | ReachabilityChange;
