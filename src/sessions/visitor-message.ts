import type { AttachmentView } from "../core/message/attachment.ts";
import { type Button, readButtons } from "../core/message/button.ts";
import { RATINGS, type Rating } from "../core/message/rating.ts";

/** A message as its visitor sees it. */
export interface VisitorMessage {
  id: string;
  sessionId: string;
  seq: number;
  role: "user" | "assistant";
  content: string;
  /** `text`: shown as written. Null: Markdown. */
  format: "text" | null;
  /** The buttons of the message; empty for most messages. */
  buttons: Button[];
  /** The payload of the button that the visitor pressed or chose. */
  payload: string | null;
  executionId: string | null;
  clientMessageId: string | null;
  attachments: AttachmentView[];
  /** The visitor's own rating; null if there is none. */
  feedback: VisitorFeedback | null;
  createdAt: Date;
}

export interface VisitorFeedback {
  rating: Rating;
  comment: string | null;
}

/** The roles that visitors see. They see no tool output, and no instructions to the bot from any writer. */
export const SHOWN_ROLES = ["user", "assistant"] as const;
export const NOT_SHOWN = "instruction";

interface MessageRow {
  id: string;
  sessionId: string;
  seq: number;
  role: string;
  content: string;
  format: string | null;
  buttons: unknown;
  payload: string | null;
  metadata: unknown;
  executionId: string | null;
  createdAt: Date;
  attachments: AttachmentView[];
  feedback: VisitorFeedback | null;
}

export function toVisitorMessage(row: MessageRow): VisitorMessage {
  const { id, sessionId, seq, content, payload, metadata, executionId, createdAt } = row;
  const sent = typeof metadata === "object" && metadata !== null && "client_message_id" in metadata;
  return {
    id,
    sessionId,
    seq,
    role: row.role === "user" ? "user" : "assistant",
    content,
    format: row.format === "text" ? "text" : null,
    buttons: readButtons(row.buttons),
    payload,
    executionId,
    clientMessageId:
      sent && typeof metadata.client_message_id === "string" ? metadata.client_message_id : null,
    attachments: row.attachments,
    feedback: row.feedback,
    createdAt,
  };
}

export function toVisitorFeedback(rating: string | null, comment: string | null): VisitorFeedback | null {
  const known = RATINGS.find((each) => each === rating);
  return known === undefined ? null : { rating: known, comment };
}
