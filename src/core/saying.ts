import type { OutboundAttachment } from "./attachment.ts";
import { type ButtonSpec, readButtons } from "./button.ts";

/** What is said to a user unasked: an instruction to the bot, which writes the message, or the message itself. */
export type Saying =
  | { prompt: string }
  | { text: string; buttons?: readonly ButtonSpec[]; attachments?: readonly OutboundAttachment[] };

/** Something to be said at a time to come. */
export interface LaterSaying {
  at: Date;
  saying: Saying;
}

/** The one that is given, a text with its buttons; null where neither is, or both are. */
export function toSaying(prompt: unknown, text: unknown, buttons?: unknown): Saying | null {
  if (typeof prompt === "string") return typeof text === "string" ? null : { prompt };
  if (typeof text !== "string") return null;
  return buttons === undefined ? { text } : { text, buttons: readButtons(buttons) };
}
