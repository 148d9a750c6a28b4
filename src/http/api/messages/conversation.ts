import type { TurnEvent } from "../../../core/session/turn-log.ts";
import type { MessageView } from "../../../sessions/message-queries-repository.ts";
import type { OpenHandoff } from "../../../sessions/open-handoff.ts";
import type { SessionView } from "../../../sessions/session-view.ts";
import type { ExecutionView } from "../../../turns/answering/execution-queries-repository.ts";

/**
 * The result of sending a message: a turn or a person that answers it. For `/reset` it is a new session with its
 * notice.
 */
export type Sent =
  | { kind: "turn"; sessionId: string; executionId: string; userMessageId: string }
  /** A person answers, so there is no turn. Null if the person has left since. */
  | { kind: "handoff"; sessionId: string; userMessageId: string; handoff: OpenHandoff | null }
  | { kind: "reset"; sessionId: string; notice: MessageView | null };

/** The end of a turn. */
export type Answer =
  | { kind: "answered"; execution: ExecutionView; replies: MessageView[] }
  | { kind: "failed" | "cancelled"; execution: ExecutionView }
  /** It was cancelled because a person answers. */
  | { kind: "handoff"; handoff: OpenHandoff | null }
  /** It was a spoken `/reset`. */
  | { kind: "reset"; sessionId: string; notice: MessageView | null }
  /** The agent's budget was used up, so the bot was not asked. */
  | { kind: "refused"; execution: ExecutionView; retryAfterSeconds: number }
  | { kind: "deleted" };

/** A user's message, with the payload of the button that was pressed for it. */
export interface NewMessage {
  content: string;
  payload?: string | undefined;
  /** Files that were uploaded into the session. */
  attachmentIds?: readonly string[] | undefined;
  key: string;
  /** The caller's trace, as it is stored. */
  traceparent?: string | null;
}

export interface Conversation {
  /** The caller's session. Throws 404 `session_not_found`. */
  session(workspaceId: string, id: string): Promise<SessionView>;
  /**
   * Stores a message. Resolves once it is committed. The same key in the same session is the same message, however
   * often it is sent. Another message with a used key is a 409 `idempotency_key_reused`. A message to a completed
   * session goes to the session that follows it. Throws 422 `button_not_offered` for a payload that no button of the
   * session has. Throws 404 `attachment_not_found` and 409 `attachment_already_sent` for files.
   */
  send(session: SessionView, message: NewMessage): Promise<Sent>;
  /** A turn's events after `afterId`, with exactly one terminal event at the end unless the signal aborts. */
  events(executionId: string, afterId: number, signal: AbortSignal): AsyncGenerator<TurnEvent>;
  /** Waits for the end of a turn. */
  answer(workspaceId: string, executionId: string): Promise<Answer>;
}
