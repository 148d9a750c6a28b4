import type { OutboundAttachment } from "./attachment.ts";
import type { ButtonSpec } from "./button.ts";

/** What is said to a user unasked: an instruction to the bot, which writes the message, or the message itself. */
export type Saying =
  | { prompt: string }
  | { text: string; buttons?: readonly ButtonSpec[]; attachments?: readonly OutboundAttachment[] };

/** Something to be said at a time to come. */
export interface LaterSaying {
  at: Date;
  saying: Saying;
}

/** The one that is given; null where neither is, or both are. */
export function toSaying(prompt: unknown, text: unknown): Saying | null {
  if (typeof prompt === "string") return typeof text === "string" ? null : { prompt };
  return typeof text === "string" ? { text } : null;
}
