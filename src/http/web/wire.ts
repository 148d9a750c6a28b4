import type { AttachmentView } from "../../core/message/attachment.ts";
import type { VisitorMessage } from "../../sessions/visitor-message.ts";
import type { SessionSummary } from "../../sessions/visitor-sessions-repository.ts";
import type { ServerSentEvent } from "../streams/event-stream.ts";

/** A session in the visitors' format. */
export function sessionObject(session: SessionSummary) {
  return {
    id: session.id,
    status: session.status,
    end_reason: session.endReason,
    title: session.title,
    read_seq: session.readSeq,
    unread: session.unread,
    created_at: session.createdAt.toISOString(),
    last_activity_at: session.lastActivityAt.toISOString(),
    ended_at: session.endedAt?.toISOString() ?? null,
  };
}

/** A file in the visitors' format. Its content is at `url` below `/web/{channel}`, for the visitor's token. */
export function attachmentObject(view: AttachmentView, sessionId: string) {
  return {
    id: view.id,
    kind: view.kind,
    name: view.name,
    content_type: view.contentType,
    bytes: view.bytes,
    state: view.state,
    error: view.error,
    url: view.state === "stored" ? `/sessions/${sessionId}/attachments/${view.id}/content` : view.sourceUrl,
  };
}

/** A message in the visitors' format. */
export function messageObject(message: VisitorMessage) {
  return {
    id: message.id,
    session_id: message.sessionId,
    seq: message.seq,
    role: message.role,
    content: message.content,
    format: message.format ?? "markdown",
    attachments: message.attachments.map((file) => attachmentObject(file, message.sessionId)),
    buttons: message.buttons,
    payload: message.payload,
    execution_id: message.executionId,
    client_message_id: message.clientMessageId,
    feedback: message.feedback,
    created_at: message.createdAt.toISOString(),
  };
}

/** @param id the seq of a stored message, after which a stream can resume; temporary events have none. */
export function named(event: string, data: object, id: number | null = null): ServerSentEvent {
  return { id, event, data: JSON.stringify(data) };
}
