import type { VersionOpening } from "../../agents/session-agent-repository.ts";
import { stableId } from "../../core/ids.ts";
import type { MessageView } from "../../sessions/message-queries-repository.ts";
import type { SessionView } from "../../sessions/session-queries-repository.ts";

/**
 * The messages every session of a version begins with, as messages of this session: before its own, so at seq 0 and
 * below, as the agent's author wrote them. They are no rows; their ids are made from what they are, and so stay.
 */
export function seedMessages(session: SessionView, opening: VersionOpening): MessageView[] {
  return opening.messages.map((message, index) => ({
    id: stableId(`${session.id}/${session.agentVersion}/${index}`),
    sessionId: session.id,
    seq: index + 1 - opening.messages.length,
    role: message.role,
    origin: "seed",
    content: message.content,
    buttons: [],
    payload: null,
    metadata: {},
    executionId: null,
    userMessageId: null,
    tokenUsage: null,
    attachments: [],
    createdAt: session.createdAt,
  }));
}
