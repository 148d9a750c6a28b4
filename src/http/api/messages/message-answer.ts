import type { z } from "zod";
import { RequestError } from "../../../core/faults/errors.ts";
import { contextFields } from "../../../core/message/message-context.ts";
import type { OpenHandoff } from "../../../sessions/open-handoff.ts";
import { toOpenHandoff } from "../handoffs/handoff-resource.ts";
import type { Conversation, Sent } from "./conversation.ts";
import { type answerSchema, toMessage } from "./message-resource.ts";

/** Names the session of a streamed message. It is another one if the session in the path was completed. */
export const SESSION_HEADER = "X-Causeway-Session-Id";

export const BUDGET_EXCEEDED = {
  status: 429,
  code: "budget_exceeded",
  when: "the agent's budget is used up: the message is stored and not answered; after `Retry-After` seconds another one is",
} as const;

/** The answer to a sent message, once its turn has ended. */
export async function answerTo(
  conversation: Conversation,
  workspaceId: string,
  sent: Sent,
): Promise<z.output<typeof answerSchema>> {
  if (sent.kind === "reset") return answeredByReset(sent);
  if (sent.kind === "handoff") return answeredByPerson(sent, null, sent.handoff);
  const answer = await conversation.answer(workspaceId, sent.executionId);
  if (answer.kind === "handoff") return answeredByPerson(sent, sent.executionId, answer.handoff);
  if (answer.kind === "reset") return answeredByReset(answer);
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

function answeredByReset({
  sessionId,
  notice,
}: Pick<Extract<Sent, { kind: "reset" }>, "sessionId" | "notice">): z.output<typeof answerSchema> {
  return { ...nothingSaid(sessionId, "notice"), ...(notice && toMessage(notice)), earlier_messages: [] };
}

/** There is no reply yet, because a person answers at any later time. */
function answeredByPerson(
  { sessionId, userMessageId }: Exclude<Sent, { kind: "reset" }>,
  executionId: string | null,
  handoff: OpenHandoff | null,
): z.output<typeof answerSchema> {
  return {
    ...nothingSaid(sessionId, "bot"),
    execution_id: executionId,
    user_message_id: userMessageId,
    earlier_messages: [],
    handoff: handoff && toOpenHandoff(handoff),
  };
}

/** The answer of a bot that chose to stay silent, or of a reset without a notice. */
function nothingSaid(sessionId: string, origin: "bot" | "notice") {
  return {
    id: null,
    session_id: sessionId,
    seq: null,
    role: "assistant" as const,
    origin,
    content: "",
    attachments: [],
    feedback: [],
    buttons: [],
    payload: null,
    metadata: {},
    execution_id: null,
    user_message_id: null,
    token_usage: null,
    ...contextFields(null),
    created_at: new Date().toISOString(),
  };
}
