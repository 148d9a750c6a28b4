import type { OutboundAttachment } from "./attachment.ts";
import { type ButtonSpec, readButtons } from "./button.ts";
import type { Recurrence } from "./recurrence.ts";

/** What is said to a user unasked: an instruction to the bot, which writes the message, or the message itself. */
export type Saying =
  | { prompt: string }
  | { text: string; buttons?: readonly ButtonSpec[]; attachments?: readonly OutboundAttachment[] };

/** Something to be said at a time to come. */
export interface LaterSaying {
  at: Date;
  saying: Saying;
  name?: string;
  /** Again and again, `at` being the first time; `maxRuns` null: without end. */
  repeats?: { recurrence: Recurrence; maxRuns: number | null };
}

/** What a bot put down for a user earlier, and is still to come. */
export interface ComingSaying {
  id: string;
  name: string | null;
  instruction: string;
  recurrence: Recurrence;
  /** Null while it is paused. */
  nextAt: Date | null;
}

/** What becomes of one of them. */
export type LaterChange = { id: string } & (
  | { kind: "cancel" | "pause" | "resume" }
  | { kind: "move"; recurrence: Recurrence }
);

/** The one that is given, a text with its buttons; null where neither is, or both are. */
export function toSaying(prompt: unknown, text: unknown, buttons?: unknown): Saying | null {
  if (typeof prompt === "string") return typeof text === "string" ? null : { prompt };
  if (typeof text !== "string") return null;
  return buttons === undefined ? { text } : { text, buttons: readButtons(buttons) };
}
