import type { DeskAct } from "../core/message/desk-act.ts";
import type { SendResult } from "../core/message/outbound.ts";

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
