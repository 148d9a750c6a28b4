import type { z } from "zod";
import { RequestError } from "../../core/errors.ts";
import type { Conversation, Sent } from "./conversation.ts";
import { type answerSchema, toMessage } from "./message-resource.ts";

/** Names the session a streamed message went to: another one where the one in the path was completed. */
export const SESSION_HEADER = "X-Causeway-Session-Id";

export const BUDGET_EXCEEDED = {
  status: 429,
  code: "budget_exceeded",
  when: "the agent's budget is used up: the message is stored and not answered; after `Retry-After` seconds another one is",
} as const;

/** What sending a message is answered with, once its turn is over. */
export async function answerTo(
  conversation: Conversation,
  workspaceId: string,
  sent: Sent,
): Promise<z.output<typeof answerSchema>> {
  if (sent.kind === "reset") {
    const notice = sent.notice && toMessage(sent.notice);
    return { ...nothingSaid(sent.sessionId, "notice"), ...notice, earlier_messages: [] };
  }
  const answer = await conversation.answer(workspaceId, sent.executionId);
  const details = {
    execution_id: sent.executionId,
    user_message_id: sent.userMessageId,
    session_id: sent.sessionId,
  };
  if (answer.kind === "answered") {
    const earlier = answer.replies.map(toMessage);
    const last = earlier.pop() ?? { ...nothingSaid(sent.sessionId, "bot"), execution_id: sent.executionId };
    return { ...last, user_message_id: sent.userMessageId, earlier_messages: earlier };
  }
  if (answer.kind === "refused") {
    const seconds = answer.retryAfterSeconds;
    throw new RequestError(429, "budget_exceeded", "The agent's budget is used up for now.", {
      details: { ...details, retry_after: seconds },
      headers: { "Retry-After": String(seconds) },
    });
  }
  const code = answer.kind === "deleted" ? "session_deleted" : (answer.execution.errorCode ?? answer.kind);
  if (answer.kind === "failed") {
    throw new RequestError(502, "bot_failed", `The bot did not answer: ${code}.`, {
      details: { ...details, code },
    });
  }
  throw new RequestError(409, "execution_cancelled", `The message was not answered: ${code}.`, {
    details: { ...details, code },
  });
}

/** The answer of a bot that chose to say nothing, or of a reset without a notice. */
function nothingSaid(sessionId: string, origin: "bot" | "notice") {
  return {
    id: null,
    session_id: sessionId,
    seq: null,
    role: "assistant" as const,
    origin,
    content: "",
    attachments: [],
    buttons: [],
    payload: null,
    metadata: {},
    execution_id: null,
    user_message_id: null,
    token_usage: null,
    created_at: new Date().toISOString(),
  };
}
