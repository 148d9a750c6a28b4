import type { AttachmentKind } from "./attachment.ts";
import type { Button } from "./button.ts";

/** A file to send. The platform fetches it from its URL. */
export interface OutboundFile {
  kind: AttachmentKind;
  name: string | null;
  contentType: string | null;
  url: string;
  /** A spoken reply, to be shown as a voice message. Reads its sound, for platforms that take an upload. */
  voice?: () => Promise<Buffer | null>;
}

/** One send: a part of an assistant message that fits the platform's limit. */
export interface OutboundPart {
  deliveryId: string;
  address: string;
  text: string;
  /** `text`: sent as written, with all marks. Absent: Markdown, shown as the platform can. */
  format?: "text";
  /**
   * The file of this part. If the platform cannot show it or refuses it, `text` is sent instead: a link to the file.
   */
  file?: OutboundFile;
  /** Buttons below the last part of a reply. Contains only buttons that `capabilities.buttons` allows. */
  buttons?: readonly Button[];
  sessionId: string;
  messageId: string;
  /** Index of the part within the message, from 0. */
  part: number;
  /**
   * Reference of the preview that already shows this part, as returned by the stream. The part replaces the preview. If
   * that is impossible, the part is sent normally and the preview is removed.
   */
  preview?: string;
  /**
   * An earlier send of this part that the platform accepted and then could not deliver. It has the reason and the time
   * of the send. It means the same as such an answer to a send.
   */
  earlier?: { code: string; at: Date };
  /** The user's messages that this reply answers. Absent if it answers none (a trigger, a schedule, an event rule). */
  answers?: Answered;
}

/** The user's messages that one reply answers, in the channel's own terms. */
export interface Answered {
  /** Event keys of all of them, oldest message first. */
  eventKeys: readonly string[];
  /** The token of the newest message that has one. */
  replyReference?: string;
}

/** The result of a send. Expected outcomes are values; an exception is a bug and is recorded as `unknown`. */
export type SendResult =
  /**
   * The platform accepted it. `delivered`: acceptance means delivery. `note`: information for the operator, such as
   * that another text was sent instead.
   */
  | {
      kind: "sent";
      externalIds: string[];
      state?: "sent" | "delivered";
      /** The external key of the conversation that this send started (a thread). Replies carry it. */
      began?: string;
      /** Other names that the platform gave for the recipient. Whoever writes under one of them is the same person. */
      alsoKnownAs?: readonly string[];
      note?: { code: string; reason: string };
    }
  /**
   * It was certainly not delivered; a later attempt may work. `connection`: every send of the channel waits.
   * `conversation`: the sends of this conversation wait. If a second conversation is refused in that time, all sends
   * wait. `alone`: the refusal says nothing about other conversations, however many are refused.
   */
  | {
      kind: "retry";
      reason: string;
      code: string;
      scope: "conversation" | "connection";
      afterMs?: number;
      alone?: true;
    }
  /**
   * It will never be delivered. `conversation`: only this send (the chat is gone). `user`: nothing else arrives either
   * before they write again (blocked, opted out). `connection`: nothing arrives for anybody (token revoked).
   */
  | { kind: "failed"; reason: string; code: string; scope: "conversation" | "user" | "connection" }
  /**
   * Not sent: it must wait until the user writes again, and is kept until then. `refused`: the platform itself refused
   * it, and knew every earlier message.
   */
  | { kind: "parked"; reason: string; code: string; refused?: true }
  /**
   * The request was sent but the answer was lost, so it may or may not have been delivered. `afterMs`: the time in
   * which the platform's own report (a receipt) may still come.
   */
  | { kind: "unknown"; reason: string; code: string; afterMs?: number }
  /** The conversation has a new address; the send is repeated there. */
  | { kind: "moved"; address: string };

/**
 * The result of a turn that sends nothing. The bot gave no reply, somebody cancelled it, or it failed without an
 * apology.
 */
export type SilentOutcome = "no_reply" | "cancelled" | "failed";
