import type { Chat, Failure, Receipt, StoredMessage } from "../line/line.ts";

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
  kind: "button" | "list" | "flow";
  /** The message with the choice. */
  of: string;
  /** The answers in a form. Absent: it is no form. */
  filled?: object | undefined;
}
