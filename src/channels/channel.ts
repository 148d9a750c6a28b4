import type { z } from "zod";
import type { Finding } from "../core/faults/finding.ts";
import type { Button, ButtonSupport } from "../core/message/button.ts";
import type { ChannelEvent } from "../core/message/channel-event.ts";
import type { DeskAct } from "../core/message/desk-act.ts";
import type { LiveStream, StreamTarget } from "../core/message/live-stream.ts";
import type { Answered, OutboundPart, SendResult, SilentOutcome } from "../core/message/outbound.ts";
import type { Logger } from "../core/process/logger.ts";
import type { Reachability } from "../core/session/reachability.ts";
import type { JsonObject } from "../core/text/json.ts";

/** A platform's capabilities, as data. The rest of Causeway reads these instead of checking the kind. */
export interface ChannelCapabilities {
  /** Number of sessions that a user may have open at once (a Telegram chat: one; Slack threads: many). */
  sessions: "single" | "many";
  /** True if the text `/reset` starts a new session. Elsewhere it is ordinary text. */
  resetCommand: boolean;
  /** The longest text of one send, in UTF-16 code units. Longer replies are sent in parts. */
  textLimit: number;
  /** Interval at which a typing indicator must be repeated to stay visible; null if there is none. */
  typingRefreshMs: number | null;
  /** True if the platform reports delivered and read. */
  receipts: boolean;
  /** True if a send may have to wait until the user writes again. */
  parks?: boolean;
  /**
   * True if the platform drops a repeated send with the same delivery id (an idempotency key, an enforced nonce). Then
   * a send whose answer was lost is repeated without the mark of a possible duplicate.
   */
  idempotentSends?: boolean;
  /** The supported buttons. Unsupported ones are written as a numbered list. Null: no buttons. */
  buttons: ButtonSupport | null;
  /** True if a reply may be a voice message: sent as one, or as a file of the stored message. */
  speaks?: boolean;
  /** True if a thumb as a reaction to a message of ours is a rating. */
  reactions?: boolean;
  /** True if users hold our streams open, so every process must notice changes in their sessions. */
  live?: boolean;
  /**
   * True if a user's identifier is an address too, on a channel with many sessions. Then the bot can begin a
   * conversation.
   */
  addressesUsers?: boolean;
  /** Variables that the platform's profile can fill (`user_name`, `user_language`). */
  profileVariables: readonly string[];
  /** True if people can be asked in a conversation of this platform. Then the channel has a `desk`. */
  desks?: boolean;
  /** True if only callers with our token or key can write, so `access` cannot be set. */
  knowsCallers?: boolean;
}

/** An HTTP request before its body is read. Header names are in lower case. */
export interface RequestHead {
  method: string;
  /** Path and query as the platform sent them. */
  url: string;
  headers: Readonly<Record<string, string | undefined>>;
}

/** An HTTP request as received, with the signed bytes. */
export interface RawRequest extends RequestHead {
  body: Buffer;
}

export interface WebhookResponse {
  status: number;
  contentType?: string;
  headers?: Readonly<Record<string, string>>;
  body: string;
}

/** The result of reading a webhook request. */
export type Received =
  | {
      kind: "accepted";
      events: ChannelEvent[];
      /** The response for the platform after the events are stored. Default: 200 with an empty body. */
      response?: WebhookResponse;
      /**
       * Called once the answer is written, for work that must not overtake it. Not called if the connection broke
       * before; then the platform sends the event again.
       */
      acknowledged?: () => void;
    }
  /** The request cannot be checked or read now (database outage). The platform gets a 503 and sends it again. */
  | { kind: "later"; reason: string; retryAfterMs?: number; cause?: unknown }
  | { kind: "rejected"; status: 400 | 401 | 404 | 415; code: string; message: string };

/** The verdict on a webhook request by its head alone. */
export type HeadVerdict =
  | Extract<Received, { kind: "rejected" }>
  /** The head carries a secret of this channel. */
  | { kind: "proven" }
  /** The head must be checked against the body. */
  | { kind: "unproven" };

/** The location of a file's content. URL and headers may contain secrets: they are used and never shown. */
export type AttachmentSource =
  | {
      kind: "found";
      url: string;
      /** Sent only to the origin of `url`, even after redirects. */
      headers?: Readonly<Record<string, string>>;
      /** Origins that the operator configured. Only these may be private addresses or use http. */
      trustedOrigins?: readonly string[];
      /** The meaning of an HTML page instead of the file (a sign-in page), if the file itself is not HTML. */
      ifHtml?: string;
    }
  | { kind: "failed"; reason: string; retry: boolean };

/** The parts of the service that a started channel may use. */
export interface ChannelContext {
  /** Stores events durably, in order. Resolves when they are committed, and rejects if they could not be stored. */
  accept(events: ChannelEvent[]): Promise<void>;
  /**
   * Runs `task` while this process is elected for `name` (only one process polls). The signal aborts when leadership is
   * lost or the channel stops. Returns at once.
   */
  whileLeader(name: string, task: (signal: AbortSignal) => Promise<void>): void;
  /** Reports a problem, shown in `/readyz` and the channel list. Null ends it. */
  reportError(error: string | null): void;
}

/** A turn of a conversation, with the messages that it answers. */
export interface TurnTarget {
  address: string;
  sessionId: string;
  /** Absent for a command, because the bot is not asked. */
  executionId?: string;
  /** Absent if no user asked (an instruction). */
  answers?: Answered;
}

/** The turn that a typing indicator is for, if a user's message began it. */
export interface TypingTurn {
  /** The oldest message that the turn answers. Empty if it has only files. */
  words: string;
  /** True if the conversation begins with that message. */
  isFirst: boolean;
}

/** The card at the top of a handoff's thread. */
export interface DeskCard {
  deliveryId: string;
  sessionId: string;
  handoffId: string;
  /** The desk's conversation, as the configuration names it. */
  conversation: string;
  /** The address of the thread. Null: it is not open yet. */
  thread: string | null;
  /** A short name for the thread. */
  title: string;
  /** Plain text. Its marks have no meaning. */
  text: string;
  /** The offered buttons. */
  actions: readonly DeskAct[];
  /** True if an earlier post of this card may have arrived. */
  mayBePosted: boolean;
}

/**
 * Desks on a platform: each handoff is a thread in a conversation. Words in a thread go through `send`, with the address of
 * the thread. Messages and presses in a desk's conversation (`isDesk`) become the events `desk_message` and `desk_press`.
 */
export interface ChannelDesk {
  /**
   * Posts a card. `sent` with `began`: its thread is there. `moved`: only the thread is open yet, at this address, and the
   * card is posted there next. `once`: an earlier post had arrived, and the card was not posted again.
   */
  post(card: DeskCard, signal: AbortSignal): Promise<SendResult & { once?: boolean }>;
  /**
   * Changes a posted card. Without actions the handoff is over, and the thread is closed. A repeated change does no harm.
   * @param cardId the external id of the card.
   */
  change(card: DeskCard & { thread: string }, cardId: string, signal: AbortSignal): Promise<SendResult>;
}

/** THE SEAM. One configured connection to a platform. */
export interface Channel {
  /**
   * Judges a webhook request by its head, before its body is read. A request that cannot be genuine takes no memory. An
   * unproven request takes a smaller share of it. `receive` checks everything. Absent: every request is unproven.
   */
  inspect?(head: RequestHead): HeadVerdict;
  /** Verifies the signature on the raw bytes, then parses. Never stores anything and never calls a bot. */
  receive(request: RawRequest): Promise<Received>;
  send(part: OutboundPart, signal: AbortSignal): Promise<SendResult>;
  /** Present on channels whose capabilities include `desks`. */
  desk?: ChannelDesk;
  /**
   * The address by which people arrive on the platform with a code. Null: the platform has no such addresses, or ours is
   * unknown now.
   */
  linkWith?(code: string, signal: AbortSignal): Promise<string | null>;
  /**
   * Tells if the bot may write to the user with this identifier now, without a message from the user. It uses only
   * platform rules that are known here (WhatsApp's 24 hours) and makes no call. Reports of the platform about a user
   * are stored elsewhere.
   */
  canReach?(userIdentifier: string): Promise<Reachability>;
  /**
   * Looks for a send whose answer was lost. Returns the platform's ids of messages since `since` that may be it. Empty:
   * the platform never accepted it. Rejects if that is unknown now.
   */
  findSent?(part: OutboundPart, since: Date, signal: AbortSignal): Promise<string[]>;
  /**
   * Shows that the bot writes an answer. The signal aborts when the turn is over. `turn` is absent if nobody asked, or if
   * the words are not known yet. The channel logs failures and does not throw them.
   */
  typing?(address: string, signal: AbortSignal, turn?: TypingTurn): Promise<void>;
  /**
   * The turn of a conversation ended without a send. Removes everything that `typing`, or the channel itself, showed.
   * The channel logs failures and does not throw them.
   */
  turnEnded?(target: TurnTarget, outcome: SilentOutcome, signal: AbortSignal): Promise<void>;
  /** Shows an unfinished answer; null if this conversation, or the configuration, does not support it. */
  openStream?(target: StreamTarget): LiveStream | null;
  /**
   * Splits a reply by limits that the channel has learned of its platform. A part may only be longer than the definition's
   * `split` makes it, and `send` must still deliver all of it. Absent: the definition's `split`.
   */
  split?(text: string, format?: "text"): string[];
  /**
   * Removes a preview that no send replaces. Returns true once it is removed for good, false if a later try may work.
   */
  removePreview?(address: string, preview: string, signal: AbortSignal): Promise<boolean>;
  /** Finds a file of an inbound message by the platform's own id. Rejects only because of a bug. */
  fetchAttachment?(platformId: string, signal: AbortSignal): Promise<AttachmentSource>;
  /**
   * Registers webhooks and commands, and starts polling. Called on processes that receive requests, not on pure
   * workers.
   */
  start?(context: ChannelContext): Promise<void>;
  stop?(): Promise<void>;
}

/** A conversation that has, or had, a session. */
export interface KnownConversation {
  /** The id of its sessions. It differs from the requested one if the message was found in another conversation. */
  externalKey: string;
  /** The user of the session; null if it has none. */
  userIdentifier: string | null;
  /** The agent (its slug) that answers in it. */
  agent: string;
}

/** A user's last message, as far as the platform delivered it. */
export interface LastUserMessage {
  /** The time of the message, by the platform's clock if the channel gave it. */
  at: Date;
  /** The event keys that the channel gave with the message; none if the user has only opened the chat. */
  eventKeys: string[];
}

/** The buttons of a message that we sent. */
export interface OfferedButtons {
  /** The conversation of the message. A press from another conversation is invalid. */
  address: string;
  /** The address it was sent to, if the conversation has moved since. */
  sentTo?: string;
  buttons: readonly Button[];
}

/**
 * Small values that a channel stores in the database, by key. All its processes share them. A secret is stored through
 * `sealValues` of the kit.
 */
export interface ChannelValues {
  read(key: string): Promise<Buffer | null>;
  /** Stores the value under the key, in place of an earlier one. */
  write(key: string, value: Buffer, lifetime?: ValueLifetime): Promise<void>;
  /** Stores the value unless the key has one. Returns true for exactly one of several simultaneous callers. */
  add(key: string, value: Buffer, lifetime?: ValueLifetime): Promise<boolean>;
  remove(key: string): Promise<void>;
  /**
   * Changes a value while no other process can, and leaves its expiry. `change` may be slow. Null if there is no value.
   */
  update(key: string, change: (current: Buffer) => Promise<Buffer>): Promise<Buffer | null>;
  /** All values whose keys begin with `prefix`, in the order of their keys. */
  list(prefix: string): AsyncIterable<{ key: string; value: Buffer }>;
}

/** From the end of its lifetime a value counts as absent. Without one it stays until it is removed. */
export interface ValueLifetime {
  expiresInMs: number;
}

export interface ChannelOptions<Config> {
  /** The channel's name in the configuration file, also in its webhook URL. */
  name: string;
  config: Config;
  /** The URL for platforms, without a trailing slash. `isPublic` is false if it leads only to this machine. */
  publicUrl: { url: string; isPublic: boolean };
  /**
   * The newest session, active or completed, with an external key on this channel. Otherwise it is the session that
   * contains the message of an event key. Null if there never was one. It serves platforms on which a message is for us
   * only if its thread is. Rejects during a database outage.
   */
  findConversation(externalKey: string, eventKey?: string): Promise<KnownConversation | null>;
  /**
   * The newest of a user's sessions whose external keys begin with any of these. It must be open, and the user must not
   * have written in it, so the bot began it. It serves platforms on which an answer need not refer to a message.
   * Rejects during a database outage.
   */
  findUnanswered(userIdentifier: string, begins: readonly string[]): Promise<KnownConversation | null>;
  /**
   * The last message that the user at an address wrote on the platform; null if there never was one. It serves
   * platforms on which that message decides what may be sent. Rejects during a database outage.
   */
  lastUserMessage(address: string): Promise<LastUserMessage | null>;
  /** Returns true if the user has refused marketing messages on the platform. Rejects during a database outage. */
  refusesMarketing(userIdentifier: string): Promise<boolean>;
  /**
   * The buttons of a message of ours on this channel; null if it has none, or is gone. Platforms carry a reference (see
   * `pressReference`) instead of the payload. So the payload may have any length and cannot be forged. Rejects during a
   * database outage.
   */
  findButtons(messageId: string): Promise<OfferedButtons | null>;
  /** True for a conversation of this channel that is a desk. Nothing in it is ever a message to the bot. */
  isDesk(conversation: string): boolean;
  values: ChannelValues;
  log: Logger;
}

/** Tools for a channel's check of its configuration. */
export interface DiagnoseOptions<Config>
  extends Pick<ChannelOptions<Config>, "name" | "config" | "publicUrl"> {
  /**
   * Posts to the channel's own webhook at the public URL, as the platform would. Null if no Causeway answers there. The
   * posted body must not count as a message.
   */
  callWebhook(request: { headers: Record<string, string>; body: string }): Promise<WebhookResponse | null>;
  /** Compares our clock with that of the server at a URL. Empty if the server sends no time. */
  checkClock(url: string): Promise<Finding[]>;
  /** Aborts when nobody waits for the findings any more. */
  signal: AbortSignal;
}

/** The simulator, as the settings of a channel need it. */
export interface SimulatorPlace {
  /** The URL below which each platform has its path. */
  url: string;
  /** A made-up secret of 64 hexadecimal digits, the same one for the same purpose. */
  secret(what: string): string;
}

/** Tools for the check of a desk. */
export interface DeskDiagnoseOptions<Config> extends Pick<DiagnoseOptions<Config>, "config" | "signal"> {
  conversation: string;
}

/** A kind of channel: its capabilities, its configuration, and its constructor. */
export interface ChannelDefinition<
  Config = unknown,
  Made extends Channel | Promise<Channel> = Channel | Promise<Channel>,
> {
  kind: string;
  capabilities: ChannelCapabilities;
  configSchema: z.ZodType<Config>;
  /** Keys that this configuration does not need. Their variables may be unset. */
  optionalKeys?(source: JsonObject): readonly string[];
  /** A kind with an SDK loads it only here, so a service loads only the SDKs of its configured kinds. */
  create(options: ChannelOptions<Config>): Made;
  /**
   * The settings that connect a channel to the simulator. They keep those of the file, point every address at the
   * simulator, and make up what is missing. Absent: this platform is not simulated. Pure.
   */
  simulated?(given: JsonObject, simulator: SimulatorPlace): JsonObject;
  /** The agents (slugs) that a configuration names besides the channel's own. */
  agents?(config: Config): readonly string[];
  /**
   * Checks a configuration against the live platform, and tells what to fix. It changes nothing there and starts
   * nothing. An unreachable platform is a finding, not an error.
   */
  diagnose?(options: DiagnoseOptions<Config>): Promise<Finding[]>;
  /** Checks in the same way that the bot can open threads in the conversation of a desk. */
  diagnoseDesk?(options: DeskDiagnoseOptions<Config>): Promise<Finding[]>;
  /** Cuts a reply into parts that fit, without losing text. Pure. */
  split(text: string, format?: "text"): string[];
  /** The full identifier for a shorter form that an operator wrote. Pure. */
  identifierOf?(text: string): string;
  /** Other identifiers of the same person, such as the other forms of one number. Pure. */
  otherNamesOf?(identifier: string): readonly string[];
  /**
   * The account of a configuration, on platforms that allow one connection per account. It has the configuration key,
   * and a name that is the same for all connections to that account. `exclusive`: the connection takes the account from
   * every other one. Pure.
   */
  connection?(config: Config): { key: string; name: string; exclusive: boolean } | null;
  /** The capabilities of the configured connection, if they depend on its configuration. */
  variant?(config: Config): Pick<ChannelDefinition, "capabilities" | "split">;
}

/** Keeps the configuration type through the registry. `Made` is `Promise<Channel>` if an SDK is loaded first. */
export function defineChannel<Config, Made extends Channel | Promise<Channel> = Channel>(
  definition: ChannelDefinition<Config, Made>,
): ChannelDefinition<Config, Made> {
  return definition;
}
