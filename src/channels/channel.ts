import type { z } from "zod";
import type { Button, ButtonSupport } from "../core/button.ts";
import type { ChannelEvent } from "../core/channel-event.ts";
import type { Finding } from "../core/finding.ts";
import type { LiveStream, StreamTarget } from "../core/live-stream.ts";
import type { Logger } from "../core/logger.ts";
import type { OutboundPart, SendResult } from "../core/outbound.ts";
import type { Reachability } from "../core/reachability.ts";

/** What a platform can and cannot do, as data: the rest of Causeway asks this instead of asking for the kind. */
export interface ChannelCapabilities {
  /** How many sessions a user may have open at once (a Telegram chat: one; Slack threads: many). */
  sessions: "single" | "many";
  /** Whether the text `/reset` starts a new session. Elsewhere it is ordinary text. */
  resetCommand: boolean;
  /** The longest text of one send, in UTF-16 code units; longer replies travel in parts. */
  textLimit: number;
  /** How often a typing indicator has to be repeated to stay visible; null where there is none. */
  typingRefreshMs: number | null;
  /** Whether the platform reports delivered and read. */
  receipts: boolean;
  /** Whether a send may have to wait until the user writes again. */
  parks?: boolean;
  /** What it can show as buttons; what it cannot is written as a numbered list. Null: none. */
  buttons: ButtonSupport | null;
  /** Whether users hold a stream of ours open, so that every process must hear what happens in their sessions. */
  live?: boolean;
  /** Whether a user's identifier is an address too, where sessions are many: then the bot can begin a conversation. */
  addressesUsers?: boolean;
  /** Variables the platform's profile can fill (`user_name`). */
  profileVariables: readonly string[];
}

/** An HTTP request as it arrived: the bytes that were signed. Header names in lower case. */
export interface RawRequest {
  method: string;
  /** Path and query as the platform sent them. */
  url: string;
  headers: Readonly<Record<string, string | undefined>>;
  body: Buffer;
}

export interface WebhookResponse {
  status: number;
  contentType?: string;
  headers?: Readonly<Record<string, string>>;
  body: string;
}

/** What a channel made of a webhook request. */
export type Received =
  | {
      kind: "accepted";
      events: ChannelEvent[];
      /** What the platform wants to read once the events are stored; default 200 with an empty body. */
      response?: WebhookResponse;
    }
  | { kind: "rejected"; status: 400 | 401 | 404 | 415; code: string; message: string };

/** Where the content of a file is to be had. URL and headers may hold secrets: they are used and never shown. */
export type AttachmentSource =
  | {
      kind: "found";
      url: string;
      /** Sent to the origin of `url` only, whatever it redirects to. */
      headers?: Readonly<Record<string, string>>;
      /** Origins that the operator configured: these alone may be private addresses, and speak http. */
      trustedOrigins?: readonly string[];
      /** What an HTML page in place of the file means (a sign-in page), where the file itself is none. */
      ifHtml?: string;
    }
  | { kind: "failed"; reason: string; retry: boolean };

/** What a started channel may use of the rest of the service. */
export interface ChannelContext {
  /** Stores events durably, in order; resolves when they are committed, rejects when they could not be stored. */
  accept(events: ChannelEvent[]): Promise<void>;
  /**
   * Runs `task` while this process is the one elected for `name` (only one process polls). The signal aborts when
   * leadership is lost or the channel stops. Returns at once.
   */
  whileLeader(name: string, task: (signal: AbortSignal) => Promise<void>): void;
  /** Reports trouble (or null for its end) shown in `/readyz` and the channel list. */
  reportError(error: string | null): void;
}

/** THE SEAM. One configured connection to a platform. */
export interface Channel {
  /** Verifies the signature on the raw bytes, then parses. Never stores, never calls a bot. */
  receive(request: RawRequest): Promise<Received>;
  send(part: OutboundPart, signal: AbortSignal): Promise<SendResult>;
  /**
   * Whether the user with this identifier can be written to unasked now, by rules of the platform that we can know of
   * (WhatsApp's 24 hours). Asks nobody outside. What a platform told us of a user is kept elsewhere.
   */
  canReach?(userIdentifier: string): Promise<Reachability>;
  /**
   * Looks for a send whose answer was lost: what the platform has since `since` that may be it, by its ids there. Empty:
   * it was never taken. Rejects where that cannot be known now.
   */
  findSent?(part: OutboundPart, since: Date, signal: AbortSignal): Promise<string[]>;
  /** Shows that an answer is being written. Failures are the channel's to swallow after logging. */
  typing?(address: string, signal: AbortSignal): Promise<void>;
  /** Shows an answer while it is written; null where this conversation, or the configuration, has no such thing. */
  openStream?(target: StreamTarget): LiveStream | null;
  /** Takes away a preview that no send takes the place of. True once it is gone for good, false if later may work. */
  removePreview?(address: string, preview: string, signal: AbortSignal): Promise<boolean>;
  /** Where a file of an inbound message is, by the platform's own id. Rejects only with a bug. */
  fetchAttachment?(platformId: string, signal: AbortSignal): Promise<AttachmentSource>;
  /** Registers webhooks and commands, starts polling. Called where requests are received, not on pure workers. */
  start?(context: ChannelContext): Promise<void>;
  stop?(): Promise<void>;
}

/** A conversation that has, or had, a session. */
export interface KnownConversation {
  /** Whose session it is; null where it has no user. */
  userIdentifier: string | null;
  /** The agent (its slug) that answers in it. */
  agent: string;
}

/** What a user wrote last, as far as the platform delivered it. */
export interface LastUserMessage {
  at: Date;
  /** As the channel gave them when the message came. */
  eventKeys: string[];
}

/** The buttons of a message that we sent. */
export interface OfferedButtons {
  /** The conversation it was sent to: a press that comes from another one is none. */
  address: string;
  buttons: readonly Button[];
}

/** Small values that a channel keeps in the database, by key; what is secret is sealed before it comes here. */
export interface ChannelValues {
  read(key: string): Promise<Buffer | null>;
  write(key: string, value: Buffer): Promise<void>;
  remove(key: string): Promise<void>;
  /** Changes a value while no other process can; `change` may take a while. Null where there is none. */
  update(key: string, change: (current: Buffer) => Promise<Buffer>): Promise<Buffer | null>;
}

export interface ChannelOptions<Config> {
  /** The channel's name in the configuration file, also in its webhook URL. */
  name: string;
  config: Config;
  /** Where platforms reach us, without a trailing slash. `isPublic` is false while it leads to this machine only. */
  publicUrl: { url: string; isPublic: boolean };
  /**
   * The newest session, active or completed, that an external id names on this channel; null if there never was one.
   * For platforms on which a message belongs to us only if its thread does. Rejects while the database is away.
   */
  findConversation?(externalId: string): Promise<KnownConversation | null>;
  /**
   * The message that the user at an address wrote last on the platform; null if there never was one. For platforms on
   * which that decides what may be sent. Rejects while the database is away.
   */
  lastUserMessage?(address: string): Promise<LastUserMessage | null>;
  /**
   * What a message of ours on this channel offers; null if it offers nothing, or is gone. Platforms carry a reference
   * (see `pressReference`) instead of the payload, so that it may be of any length and cannot be made up. Rejects while
   * the database is away.
   */
  findButtons?(messageId: string): Promise<OfferedButtons | null>;
  values?: ChannelValues;
  log: Logger;
}

/** What a channel may use to find out whether its configuration works. */
export interface DiagnoseOptions<Config>
  extends Pick<ChannelOptions<Config>, "name" | "config" | "publicUrl"> {
  /**
   * Posts to the channel's own webhook at the public URL, as the platform would; null where no Causeway answers there.
   * What it posts must not be taken for a message.
   */
  callWebhook(request: { headers: Record<string, string>; body: string }): Promise<WebhookResponse | null>;
  /** Whether our clock agrees with that of the server at a URL; nothing where the server does not say. */
  checkClock(url: string): Promise<Finding[]>;
  /** Aborts when the findings are not waited for any longer. */
  signal: AbortSignal;
}

/** A kind of channel: what it can do, its configuration, and how to make one. */
export interface ChannelDefinition<
  Config = unknown,
  Made extends Channel | Promise<Channel> = Channel | Promise<Channel>,
> {
  kind: string;
  capabilities: ChannelCapabilities;
  configSchema: z.ZodType<Config>;
  /** A kind with an SDK loads that only now, so that a service pays for the kinds it is configured with. */
  create(options: ChannelOptions<Config>): Made;
  /** The agents (slugs) a configuration names besides the channel's own. */
  agents?(config: Config): readonly string[];
  /**
   * Asks the live platform whether a configuration works, and says what to fix. Changes nothing there, starts nothing.
   * What cannot be reached is a finding, not an error.
   */
  diagnose?(options: DiagnoseOptions<Config>): Promise<Finding[]>;
  /** Cuts a reply into parts that fit, losing nothing. Pure. */
  split(text: string): string[];
  /** Who is meant by an identifier that an operator wrote, where there is a longer way to write it. Pure. */
  identifierOf?(written: string): string;
  /** What the configured connection can do, where that depends on its configuration. */
  variant?(config: Config): Pick<ChannelDefinition, "capabilities" | "split">;
}

/** Keeps the configuration type through the registry. `Made`: `Promise<Channel>` where an SDK is loaded first. */
export function defineChannel<Config, Made extends Channel | Promise<Channel> = Channel>(
  definition: ChannelDefinition<Config, Made>,
): ChannelDefinition<Config, Made> {
  return definition;
}
