import type { Button } from "../../core/message/button.ts";
import type { OutboundFile, OutboundPart, SendResult } from "../../core/message/outbound.ts";
import type { AttachmentSource } from "../channel.ts";
import type { ChannelOptions } from "../channel-options.ts";
import type { HeadVerdict, RawRequest, Received, RequestHead } from "../channel-webhook.ts";
import type { ApiFault, ProviderWords } from "../kit/api-fault.ts";

/**
 * The service that connects us to WhatsApp. The parts that all providers share (the 24 hours, typing, the start) are in
 * the folder above.
 */
export interface Provider {
  /** The provider's name, and the meanings of its error codes. */
  words: ProviderWords;
  /** Judges by the head if a request can come from this provider. */
  inspect(head: RequestHead): HeadVerdict;
  /** Verifies the signature on the raw bytes, then parses. */
  receive(request: RawRequest): Received;
  /** Sends one text within the variant's limit, in WhatsApp's notation. */
  sendText(to: string, text: string, send: Send): Promise<SendResult>;
  /** Sends a text with choices below it, within the variant's `buttons`; null if choices are written as text. */
  sendChoice: ((to: string, text: string, choice: Choice, send: Send) => Promise<SendResult>) | null;
  /** Sends a file, which WhatsApp fetches from its URL; null if WhatsApp does not accept that type. */
  sendMedia(to: string, file: OutboundFile, send: Send): Promise<SendResult | null>;
  /** Sends the configured template; null if there is none. */
  sendTemplate: ((to: string, send: Send) => Promise<SendResult>) | null;
  /**
   * The ids of messages sent to a user since then that may be this one, oldest first. Rejects if that is unknown now.
   * Null if the provider has no such list; then its receipts tell.
   */
  findSent: ((to: string, said: Said, since: Date, signal: AbortSignal) => Promise<string[]>) | null;
  /** The location of a message's file, by its platform id. */
  findMedia(platformId: string, signal: AbortSignal): Promise<AttachmentSource>;
  /** Shows that the message with this id is being answered, which marks it as read. Returns null if it worked. */
  showTyping(messageId: string, signal: AbortSignal): Promise<ApiFault | null>;
  /** Checks if the credentials work; null if they do. */
  check(signal: AbortSignal): Promise<ApiFault | null>;
  /** Our number as people see it; null if it is unknown now. */
  ownNumber(signal: AbortSignal): Promise<string | null>;
  /** The set-up instructions for an operator, logged at the start. */
  setUp: string;
  /** Closes every connection. */
  close(): Promise<void>;
}

/** The buttons below a text. */
export type Choice = Pick<OutboundPart, "messageId"> & { buttons: readonly Button[] };

/** The message to look for: a text, or a file that may have been sent as a link. */
export interface Said {
  text: string;
  isFile: boolean;
}

/** The data that every send needs. */
export interface Send {
  /** Comes back with the receipts, so that a send whose answer was lost is recognised. */
  deliveryId: string;
  signal: AbortSignal;
}

/** The input for creating a provider. */
export interface ProviderOptions<Config>
  extends Pick<ChannelOptions<Config>, "config" | "publicUrl" | "log"> {
  /** The URL at which the provider reaches this channel. */
  webhookUrl: string;
  /** Called if a webhook reports a problem of the whole connection. */
  onTrouble(words: string): void;
}
