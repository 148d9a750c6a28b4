import type { Chat, Receipt, StoredMessage } from "./line.ts";

/** Why a message failed, in the words of both providers. */
export interface Failure {
  code: number;
  title: string;
}

/** How a provider tells the bot what users do. */
export interface ProviderEvents {
  message(chat: Chat, message: StoredMessage, pressed: PressedChoice | null): void;
  status(chat: Chat, message: StoredMessage, receipt: Receipt, failure: Failure | null): void;
}

export interface PressedChoice {
  id: string;
  title: string;
  kind: "button" | "list";
  /** The message with the choice. */
  of: string;
}
