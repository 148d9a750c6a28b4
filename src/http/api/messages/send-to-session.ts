import { RequestError } from "../../../core/faults/errors.ts";
import type { ChannelRef } from "../../../core/session/runtime.ts";
import { storableText } from "../../../core/text/text.ts";
import { sendMessage } from "../../../ingest/send-message.ts";
import type { InboundMessageRow } from "../../../sessions/message-queries-repository.ts";
import type { SessionView } from "../../../sessions/session-view.ts";
import { attachmentAlreadySent, uploadsOf } from "../../bodies/uploads.ts";
import { requireRate } from "../../server/rate-limit.ts";
import { requireSession, sessionNotFound } from "../sessions/require-session.ts";
import { afterReset } from "./after-reset.ts";
import type { NewMessage, Sent } from "./conversation.ts";
import type { ConversationDeps } from "./conversation-deps.ts";
import { buttonNotOffered, keepsEnding, keyReused } from "./conversation-errors.ts";

const USER_RATE_EXCEEDED = "This user sends too many messages. Try again later.";

/** Stores a user's message, see `Conversation.send`. */
export async function sendToSession(
  deps: ConversationDeps,
  into: SessionView,
  message: NewMessage,
): Promise<Sent> {
  const { messages, writes } = deps.stores;
  if (into.userId !== null) requireRate(deps.userRate, into.userId, USER_RATE_EXCEEDED);
  const { content, payload } = message;
  if (payload !== undefined && !(await messages.wasOffered(into.id, { label: content, payload }))) {
    throw buttonNotOffered();
  }
  const eventKey = `api:${into.id}:${message.key}`;
  const sentBefore = () => deps.ingest.messageOfEvent(into.channelId, eventKey);
  const uploads = await uploadsOf(deps.uploads, into.id, message.attachmentIds ?? [], sentBefore);
  const outcome = await sendMessage(
    { accept: deps.ingest.acceptMessage, successor: writes.successor, sentBefore },
    channelOf(deps, into),
    {
      sessionId: into.id,
      content,
      eventKey,
      ...(payload === undefined ? {} : { payload }),
      ...(uploads && { uploads }),
      ...(message.traceparent && { traceparent: message.traceparent }),
    },
  );
  switch (outcome.kind) {
    case "stored": {
      const { row, outcome: stored } = outcome;
      const { sessionId, executionId } = stored;
      return sent(deps, into, {
        id: row.messageId,
        sessionId,
        origin: row.origin,
        content: row.content,
        executionId,
      });
    }
    case "known":
      return repeated(deps, into, outcome.message, content);
    case "upload_taken":
      throw attachmentAlreadySent();
    case "session_gone":
      throw sessionNotFound(into.id);
    case "not_stored":
      throw keepsEnding();
  }
}

/** The agent of an API session may differ from the channel's own. */
function channelOf(deps: ConversationDeps, into: SessionView): ChannelRef {
  const channel = deps.channel(into.channelId);
  if (channel) return { ...channel, agentId: into.agentId, agentVersion: into.agentVersion };
  throw new RequestError(409, "channel_not_running", `The channel ${into.channel} is not running.`, {
    details: { channel: into.channel },
  });
}

async function repeated(
  deps: ConversationDeps,
  into: SessionView,
  messageId: string,
  content: string,
): Promise<Sent> {
  const message = await deps.stores.messages.inbound(messageId);
  if (!message) throw sessionNotFound(into.id);
  if (message.content !== storableText(content)) throw keyReused();
  return sent(deps, into, message);
}

async function sent(deps: ConversationDeps, into: SessionView, message: InboundMessageRow): Promise<Sent> {
  const { id, sessionId, executionId } = message;
  if (executionId !== null) return { kind: "turn", sessionId, executionId, userMessageId: id };
  if (message.origin !== "command") {
    const { handoff } = await requireSession(deps.stores.sessions, into.workspaceId, sessionId);
    return { kind: "handoff", sessionId, userMessageId: id, handoff };
  }
  return { kind: "reset", ...(await afterReset(deps.stores, into.workspaceId, sessionId)) };
}
