import type { AttachmentView } from "../../core/attachment.ts";
import type { VisitorMessage } from "../../sessions/visitor-repository.ts";
import type { SessionSummary } from "../../sessions/visitor-sessions-repository.ts";

/** A session as visitors are told of it. */
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

/** A file of a message as visitors are told of it; its content is served to the visitor's token. */
function attachmentObject(view: AttachmentView) {
  return {
    id: view.id,
    kind: view.kind,
    name: view.name,
    content_type: view.contentType,
    bytes: view.bytes,
    state: view.state,
    error: view.error,
  };
}

/** A message as visitors are told of it. */
export function messageObject(message: VisitorMessage) {
  return {
    id: message.id,
    session_id: message.sessionId,
    seq: message.seq,
    role: message.role,
    content: message.content,
    attachments: message.attachments.map(attachmentObject),
    buttons: message.buttons,
    payload: message.payload,
    execution_id: message.executionId,
    client_message_id: message.clientMessageId,
    created_at: message.createdAt.toISOString(),
  };
}
