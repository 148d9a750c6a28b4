import type { AttachmentKind } from "./attachment.ts";
import type { Button } from "./button.ts";

/** A file as it is sent: the platform fetches it from its address. */
export interface OutboundFile {
  kind: AttachmentKind;
  name: string | null;
  contentType: string | null;
  url: string;
}

/** One send: a part of an assistant message that fits the platform's limit. */
export interface OutboundPart {
  deliveryId: string;
  address: string;
  text: string;
  /** The file this part is. Where it cannot be shown, or the platform refuses it, `text` is sent: a link to it. */
  file?: OutboundFile;
  /** To be shown below it: on the last part of a reply, and only what `capabilities.buttons` allows. */
  buttons?: readonly Button[];
  sessionId: string;
  messageId: string;
  /** Which part of the message it is, from 0. */
  part: number;
  /**
   * The preview that stands for this part already, as its stream named it: the part takes its place. Where that cannot
   * be, the part is sent like any other, and the preview removed.
   */
  preview?: string;
}

/** What became of a send. Expected outcomes are values; a throw is a bug and is recorded as `unknown`. */
export type SendResult =
  /**
   * The platform took it. `delivered` where taking it is having it. `note`: what an operator should know of it, such as
   * that something else went out in its place.
   */
  | {
      kind: "sent";
      externalIds: string[];
      state?: "sent" | "delivered";
      /** What the conversation is called that this send began, where replies to it will name it (a thread). */
      began?: string;
      note?: { code: string; reason: string };
    }
  /** It was certainly not delivered; later may work. `channel` scope pauses every send of the channel. */
  | { kind: "retry"; reason: string; code: string; scope: "conversation" | "channel"; afterMs?: number }
  /**
   * It will never be delivered. `conversation`: this one (chat gone). `user`: nor will anything else before they write
   * again (blocked, opted out). `channel`: nor anything to anybody (token revoked).
   */
  | { kind: "failed"; reason: string; code: string; scope: "conversation" | "user" | "channel" }
  /** Not sent: it may not be before the user writes again, and is kept until then. */
  | { kind: "parked"; reason: string; code: string }
  /**
   * The request left but the answer was lost: it may or may not have been delivered. `afterMs`: how long the platform's
   * own word on it (a receipt) may take to come.
   */
  | { kind: "unknown"; reason: string; code: string; afterMs?: number }
  /** The conversation has another address now; send there. */
  | { kind: "moved"; address: string };
