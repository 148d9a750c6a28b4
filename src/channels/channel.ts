import type { ChannelEvent } from "../core/message/channel-event.ts";
import type { LiveStream, StreamTarget } from "../core/message/live-stream.ts";
import type { Answered, OutboundPart, SendResult, SilentOutcome } from "../core/message/outbound.ts";
import type { Reachability } from "../core/session/reachability.ts";
import type { ChannelDesk } from "./channel-desk.ts";
import type { HeadVerdict, RawRequest, Received, RequestHead } from "./channel-webhook.ts";

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
