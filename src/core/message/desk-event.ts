import type { DeskAct } from "./desk-act.ts";
import type { InboundAttachment } from "./inbound-message.ts";

/** A member of a desk, in the platform's terms. */
export interface DeskMember {
  identifier: string;
  name?: string;
}

/** A member wrote in a thread of a desk's conversation. It never becomes a message to the bot. */
export interface DeskMessage {
  type: "desk_message";
  eventKeys: readonly [string, ...string[]];
  /** The address of the thread. Only the service knows if it belongs to a handoff. */
  thread: string;
  member: DeskMember;
  text: string;
  attachments?: InboundAttachment[];
}

/** A member pressed a button of a card. */
export interface DeskPress {
  type: "desk_press";
  eventKeys: readonly [string, ...string[]];
  thread: string;
  /** The external id of the card. An old press may lack its thread. */
  card: string;
  member: DeskMember;
  act: DeskAct;
}
