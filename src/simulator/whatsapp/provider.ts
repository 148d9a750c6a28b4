import type { Chat, Receipt, StoredMessage } from "./line.ts";

/** The reason for a failed message, in the words of both providers. */
export interface Failure {
  code: number;
  title: string;
}

/** Tells the bot of what users do, in the format of a provider. */
export interface ProviderEvents {
  message(chat: Chat, message: StoredMessage, pressed: PressedChoice | null): void;
  /** `id`: of the reaction, which is a message to the bot. An empty emoji takes the reaction back. */
  reaction(chat: Chat, message: StoredMessage, reaction: { id: string; emoji: string }): void;
  status(chat: Chat, message: StoredMessage, receipt: Receipt, failure: Failure | null): void;
}

export interface PressedChoice {
  id: string;
  title: string;
  kind: "button" | "list";
  /** The message with the choice. */
  of: string;
}
