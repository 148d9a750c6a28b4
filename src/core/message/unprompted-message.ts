import type { Recurrence } from "../schedule/recurrence.ts";
import type { OutboundAttachment } from "./attachment.ts";
import { type ButtonSpec, readButtons } from "./button.ts";

/** An unprompted message: an instruction from which the bot writes the message, or the message itself. */
export type UnpromptedMessage =
  | { prompt: string }
  | {
      text: string;
      /** Absent: the text goes out as it was written. */
      format?: "markdown";
      buttons?: readonly ButtonSpec[];
      attachments?: readonly OutboundAttachment[];
    };

/** An unprompted message that is due at a later time. */
export interface LaterMessage {
  at: Date;
  message: UnpromptedMessage;
  name?: string;
  /** Repeats the message; `at` is the first time. `maxRuns` null: without end. */
  repeats?: { recurrence: Recurrence; maxRuns: number | null };
}

/** An unprompted message that a bot scheduled earlier and that is still due. */
export interface ComingMessage {
  id: string;
  name: string | null;
  instruction: string;
  recurrence: Recurrence;
  /** Null while it is paused. */
  nextAt: Date | null;
}

/** A change to one scheduled message. */
export type LaterChange = { id: string } & (
  | { kind: "cancel" | "pause" | "resume" }
  | { kind: "move"; recurrence: Recurrence }
);

/** Builds the message from the given prompt, or from the text with its buttons. Null if both or neither are given. */
export function toUnprompted(
  prompt: unknown,
  text: unknown,
  { buttons, format }: { buttons?: unknown; format?: unknown } = {},
): UnpromptedMessage | null {
  if (typeof prompt === "string") return typeof text === "string" ? null : { prompt };
  if (typeof text !== "string") return null;
  return {
    text,
    ...(format === "markdown" && { format }),
    ...(buttons !== undefined && { buttons: readButtons(buttons) }),
  };
}
