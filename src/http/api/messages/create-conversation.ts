import { requireSession } from "../sessions/require-session.ts";
import type { Conversation } from "./conversation.ts";
import type { ConversationDeps } from "./conversation-deps.ts";
import { sendToSession } from "./send-to-session.ts";
import { turnAnswer, turnEvents } from "./turn-answer.ts";

/** Conversations of API callers, on the same ingest, turn and delivery path as any channel. */
export function createConversation(deps: ConversationDeps): Conversation {
  return {
    session: (workspaceId, id) => requireSession(deps.stores.sessions, workspaceId, id),
    send: (session, message) => sendToSession(deps, session, message),
    events: (executionId, afterId, signal) => turnEvents(deps, executionId, afterId, signal),
    answer: (workspaceId, executionId) => turnAnswer(deps, workspaceId, executionId),
  };
}
