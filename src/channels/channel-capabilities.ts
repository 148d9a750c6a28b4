import type { ButtonSupport } from "../core/message/button.ts";

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
