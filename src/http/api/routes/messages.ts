import { z } from "zod";
import { RequestError } from "../../../core/errors.ts";
import type { TurnEvent } from "../../../core/turn-log.ts";
import type { MessageView } from "../../../sessions/message-queries-repository.ts";
import { lastEventId, type ServerSentEvent, writeEventStream } from "../../event-stream.ts";
import { MOST_ATTACHMENTS } from "../../uploads.ts";
import type { Conversation, NewMessage, Sent } from "../conversation.ts";
import { answerSchema, toMessage } from "../message-resource.ts";
import { defineRoute, type Route } from "../route.ts";
import { idParams } from "../wire-schemas.ts";

export interface MessageRoutesDeps {
  conversation: Conversation;
}

/** Names the session a streamed message went to: another one where the one in the path was completed. */
export const SESSION_HEADER = "X-Causeway-Session-Id";

const contentSchema = z
  .string()
  .max(200_000)
  .describe("What the user says. On channels of kind `api`, `/reset` starts the session over");

const payloadSchema = z
  .string()
  .min(1)
  .max(10_000)
  .describe("Of a pressed button, as it was offered; `content` is its label");

/** What a message is made of, in a body or a socket's frame: a text, files, or both. */
export const messageShape = {
  content: contentSchema.default(""),
  payload: payloadSchema.optional(),
  attachment_ids: z
    .array(z.string().min(1))
    .max(MOST_ATTACHMENTS)
    .optional()
    .describe("Files that were uploaded into this session; with some, the text may be empty"),
};

export function saysSomething(
  message: { content: string; attachment_ids?: string[] | undefined },
  context: z.core.$RefinementCtx,
): void {
  if (message.content.trim() !== "" || (message.attachment_ids ?? []).length > 0) return;
  context.addIssue({ code: "custom", path: ["content"], message: "expected some text" });
}

const bodySchema = z.strictObject(messageShape).superRefine(saysSomething);

/** A message as it came, for the conversation. */
export function toNewMessage(
  { content, payload, attachment_ids }: Pick<z.output<typeof bodySchema>, keyof typeof messageShape>,
  key: string,
): NewMessage {
  return { content, payload, attachmentIds: attachment_ids, key };
}

const NOT_FOUND = { status: 404, code: "session_not_found", when: "there is no such session" } as const;
const NOT_OFFERED = {
  status: 422,
  code: "button_not_offered",
  when: "no message of the session has a button of that label and payload",
} as const;
const ATTACHMENT_ERRORS = [
  { status: 404, code: "attachment_not_found", when: "an attachment is none of this session" },
  { status: 409, code: "attachment_already_sent", when: "an attachment went with another message" },
] as const;
const NOT_RUNNING = {
  status: 409,
  code: "channel_not_running",
  when: "the session's channel is disabled",
} as const;

export const BUDGET_EXCEEDED = {
  status: 429,
  code: "budget_exceeded",
  when: "the agent's budget is used up: the message is stored and not answered; after `Retry-After` seconds another one is",
} as const;

/** Sending messages: wait for the answer, or watch it being written. */
export function messageRoutes({ conversation }: MessageRoutesDeps): Route[] {
  return [
    defineRoute({
      method: "POST",
      path: "/chat/sessions/{id}/messages",
      operationId: "sendMessage",
      summary: "Send a message and wait for the answer",
      description:
        "Messages of a session are answered in the order of their arrival, one at a time. A message to a completed session opens the next one; `session_id` of the answer says which.",
      tag: "Messages",
      scope: "messages:write",
      params: idParams,
      body: bodySchema,
      examples: [{ body: { content: "Hi, I need help with my account." } }],
      responses: [{ status: 201, description: "What the bot said", schema: answerSchema }],
      errors: [
        NOT_FOUND,
        NOT_RUNNING,
        NOT_OFFERED,
        ...ATTACHMENT_ERRORS,
        { status: 409, code: "execution_cancelled", when: "the turn was cancelled, or its session ended" },
        BUDGET_EXCEEDED,
        { status: 502, code: "bot_failed", when: "the bot did not answer; `details.execution_id`" },
      ],
      async handle({ caller, params, body, resourceId }) {
        const session = await conversation.session(caller.workspaceId, params.id);
        const sent = await conversation.send(session, toNewMessage(body, resourceId));
        const answer = await answerTo(conversation, caller.workspaceId, sent);
        return { status: 201, body: answer, headers: { [SESSION_HEADER]: sent.sessionId } };
      },
    }),
    defineRoute({
      method: "POST",
      path: "/chat/sessions/{id}/messages/stream",
      operationId: "streamMessage",
      summary: "Send a message and watch the answer being written",
      description: `Server-Sent Events: \`execution\` first, any of \`thinking\`, \`tool_start\`, \`tool_end\` and \`content\`, then one \`done\` or \`error\`. A client that leaves does not stop the turn. Repeat the call with the same \`Idempotency-Key\` and \`Last-Event-ID\` to go on where the connection broke, or follow \`GET /executions/{id}/stream\`. The header \`${SESSION_HEADER}\` names the session.`,
      tag: "Messages",
      scope: "messages:write",
      params: idParams,
      body: bodySchema,
      examples: [{ body: { content: "Hello!" } }],
      responses: [
        { status: 200, description: "The events", schema: z.string(), contentType: "text/event-stream" },
      ],
      errors: [NOT_FOUND, NOT_RUNNING, NOT_OFFERED, ...ATTACHMENT_ERRORS],
      async handle({ caller, params, body, headers, resourceId, signal }) {
        const afterId = lastEventId(headers["last-event-id"]) ?? 0;
        const session = await conversation.session(caller.workspaceId, params.id);
        const sent = await conversation.send(session, toNewMessage(body, resourceId));
        const events = eventsOf(conversation, sent, afterId, signal);
        return {
          stream: (_request, response) =>
            writeEventStream(response, asServerSent(events), {
              headers: { [SESSION_HEADER]: sent.sessionId },
            }),
        };
      },
    }),
  ];
}

/** What sending a message is answered with, once its turn is over. */
export async function answerTo(
  conversation: Conversation,
  workspaceId: string,
  sent: Sent,
): Promise<z.output<typeof answerSchema>> {
  if (sent.kind === "reset") return resetAnswer(sent.sessionId, sent.notice);
  const answer = await conversation.answer(workspaceId, sent.executionId);
  const details = {
    execution_id: sent.executionId,
    user_message_id: sent.userMessageId,
    session_id: sent.sessionId,
  };
  if (answer.kind === "answered") {
    const earlier = answer.replies.map(toMessage);
    const last = earlier.pop() ?? silence(sent);
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

const NOTHING_SAID = {
  id: null,
  seq: null,
  role: "assistant",
  content: "",
  payload: null,
  metadata: {},
  token_usage: null,
} as const;

function silence(sent: Extract<Sent, { kind: "turn" }>) {
  return {
    ...NOTHING_SAID,
    buttons: [],
    session_id: sent.sessionId,
    origin: "bot" as const,
    execution_id: sent.executionId,
    user_message_id: sent.userMessageId,
    attachments: [],
    created_at: new Date().toISOString(),
  };
}

function resetAnswer(sessionId: string, notice: MessageView | null): z.output<typeof answerSchema> {
  const said = notice && toMessage(notice);
  return {
    ...NOTHING_SAID,
    buttons: [],
    session_id: sessionId,
    origin: "notice",
    execution_id: null,
    user_message_id: null,
    attachments: [],
    created_at: new Date().toISOString(),
    ...said,
    earlier_messages: [],
  };
}

/** The events of what became of a message; a reset, which no bot carries out, is told in the same words. */
export async function* eventsOf(
  conversation: Conversation,
  sent: Sent,
  afterId: number,
  signal: AbortSignal,
): AsyncGenerator<TurnEvent> {
  if (sent.kind === "turn") return yield* conversation.events(sent.executionId, afterId, signal);
  const content = sent.notice?.content ?? "";
  const events: TurnEvent[] = [
    { id: 1, type: "execution", data: { execution_id: null, user_message_id: null } },
    { id: 2, type: "content", data: { content } },
    {
      id: 3,
      type: "done",
      data: {
        output: { content },
        message_id: sent.notice?.id ?? null,
        token_usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
        time: 0,
      },
    },
  ];
  yield* events.filter((event) => event.id > afterId);
}

export async function* asServerSent(events: AsyncIterable<TurnEvent>): AsyncGenerator<ServerSentEvent> {
  for await (const { id, type, data } of events) yield { id, event: type, data: JSON.stringify(data) };
}
