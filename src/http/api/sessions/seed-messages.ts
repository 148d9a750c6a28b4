import type { VersionOpening } from "../../../agents/session-agent-repository.ts";
import { stableId } from "../../../core/ids.ts";
import type { MessageView } from "../../../sessions/message-queries-repository.ts";
import type { SessionView } from "../../../sessions/session-view.ts";

/**
 * The first messages of every session of a version, as messages of this session. They come before its own messages, at
 * seq 0 and below, as the agent's author wrote them. They are no rows. Their ids are derived from their content, so the
 * ids are stable.
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
    feedback: [],
    context: null,
    person: null,
    createdAt: session.createdAt,
  }));
}
