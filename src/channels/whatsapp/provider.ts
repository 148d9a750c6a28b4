import type { Button } from "../../core/button.ts";
import type { OutboundFile, OutboundPart, SendResult } from "../../core/outbound.ts";
import type { AttachmentSource, ChannelOptions, RawRequest, Received } from "../channel.ts";
import type { ApiFault, ProviderWords } from "./errors.ts";

/** Who connects us to WhatsApp. What is the same whoever it is (the 24 hours, typing, the start) stands above. */
export interface Provider {
  /** What it is called, and what its error codes mean. */
  words: ProviderWords;
  /** Verifies the signature on the raw bytes, then parses. */
  receive(request: RawRequest): Received;
  /** One text of at most the variant's limit, as WhatsApp writes formatting. */
  sendText(to: string, text: string, send: Send): Promise<SendResult>;
  /** A text with choices below it, as the variant's `buttons` allow; null where those are written down. */
  sendChoice: ((to: string, text: string, choice: Choice, send: Send) => Promise<SendResult>) | null;
  /** A file, which WhatsApp fetches from its address; null where it takes none of that type. */
  sendMedia(to: string, file: OutboundFile, send: Send): Promise<SendResult | null>;
  /** The configured template; null where there is none. */
  sendTemplate: ((to: string, send: Send) => Promise<SendResult>) | null;
  /**
   * The ids of messages sent to a user since then that may be this one, oldest first; rejects where that cannot be known
   * now. Null where the provider has no such list: its receipts tell.
   */
  findSent: ((to: string, said: Said, since: Date, signal: AbortSignal) => Promise<string[]>) | null;
  /** Where a file of a message is, by its platform id. */
  findMedia(platformId: string, signal: AbortSignal): Promise<AttachmentSource>;
  /** Shows that the message with this id is being answered, which marks it read; null if all went well. */
  showTyping(messageId: string, signal: AbortSignal): Promise<ApiFault | null>;
  /** Asks whether the credentials work; null if they do. */
  check(signal: AbortSignal): Promise<ApiFault | null>;
  /** What an operator has to enter where, said at the start. */
  setUp: string;
  /** Cuts every connection. */
  close(): Promise<void>;
}

/** What stands below a text to be pressed. */
export type Choice = Pick<OutboundPart, "messageId"> & { buttons: readonly Button[] };

/** What is looked for: a text, or a file that may have become one, a link to it. */
export interface Said {
  text: string;
  isFile: boolean;
}

/** What goes with every send. */
export interface Send {
  /** Comes back with the receipts, so that a send whose answer was lost is recognised. */
  deliveryId: string;
  signal: AbortSignal;
}

/** What a provider is made of. */
export interface ProviderOptions<Config>
  extends Pick<ChannelOptions<Config>, "config" | "publicUrl" | "log"> {
  /** Where the provider reaches this channel. */
  webhookUrl: string;
}
