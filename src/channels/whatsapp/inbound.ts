import type {
  ConversationRef,
  InboundAttachment,
  InboundMessage,
  MessageReference,
} from "../../core/message/inbound-message.ts";
import type { JsonObject } from "../../core/text/json.ts";
import { otherFormsOf } from "./address.ts";
import { type Referral, referralMetadata } from "./referral.ts";

/** A message as a provider read it, no longer in the provider's own format. */
export interface ReadMessage {
  /** The provider's id of the message. */
  id: string;
  /** The sender, as an address (`whatsapp:…`). */
  sender: string;
  /** WhatsApp's id of the sender in this business, as an address; undefined if the provider does not send it. */
  businessId: string | undefined;
  userName: string | undefined;
  profile: JsonObject;
  /** The written, pressed or chosen text; empty if there are only attachments. */
  text: string;
  attachments: InboundAttachment[];
  /** The payload of a pressed button or a chosen list row. */
  payload: string | undefined;
  /** The data behind the text: a place, contacts or a reaction. */
  details?: JsonObject | undefined;
  /** The time of the message; undefined if the provider does not send it. */
  sentAt?: Date | undefined;
  /** The references of the message, nearest last. */
  references: readonly MessageReference[];
  /** The advertisement or post that the user came from. */
  referral?: Referral | null;
}

const KEY = "message:";

/** The key of the message, which is the same for every repetition. */
export const eventKeyOf = (messageId: string) => KEY + messageId;

/** The normal form of a message; null if it is empty. */
export function toInboundMessage(read: ReadMessage): InboundMessage | null {
  const { text, attachments, userName, payload, details, sender, sentAt, references, referral } = read;
  if (text.trim() === "" && attachments.length === 0) return null;
  return {
    type: "message",
    eventKeys: [eventKeyOf(read.id)],
    conversation: conversationOf(sender, read.businessId),
    ...(userName === undefined ? {} : { userName }),
    profile: read.profile,
    text,
    ...(attachments.length === 0 ? {} : { attachments }),
    ...(payload === undefined ? {} : { payload }),
    ...(details === undefined ? {} : { details }),
    ...(sentAt === undefined ? {} : { sentAt }),
    ...(references.length === 0 ? {} : { references }),
    ...(referral ? { metadata: referralMetadata(referral) } : {}),
  };
}

/**
 * The conversation of a sender. The next message may have a hidden number or its other form. So the user is known by
 * all these names.
 */
export function conversationOf(sender: string, businessId: string | undefined): ConversationRef {
  const others = [...otherFormsOf(sender), ...(businessId === undefined ? [] : [businessId])];
  const aliases = others.filter((name) => name !== sender);
  // Opaque: usually a phone number, but WhatsApp also has other ids.
  return { address: sender, userIdentifier: sender, aliases, externalKey: null };
}

/**
 * A text for the bot, so that the bot can tell the user. Silence would look like a lost message. It names the kind if
 * that is known.
 */
export function unreadableText(kind?: string): string {
  const named = kind !== undefined && /^\w{1,40}$/.test(kind) ? `: ${kind.replaceAll("_", " ")}` : "";
  return `[a message of a kind that cannot be read here${named}]`;
}

/** The provider's id of the message with an event key; null if the key belongs to no message. */
export function messageIdOf(eventKey: string): string | null {
  return eventKey.startsWith(KEY) ? eventKey.slice(KEY.length) : null;
}
