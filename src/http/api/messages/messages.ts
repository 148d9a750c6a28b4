import { z } from "zod";
import { lastEventId, writeEventStream } from "../../streams/event-stream.ts";
import { defineRoute, type Route } from "../route/route.ts";
import { idParams } from "../route/wire-schemas.ts";
import { SESSION_NOT_FOUND } from "../sessions/require-session.ts";
import type { Conversation } from "./conversation.ts";
import { answerTo, BUDGET_EXCEEDED, SESSION_HEADER } from "./message-answer.ts";
import { messageBodySchema, toNewMessage } from "./message-body.ts";
import { asServerSent, eventsOf } from "./message-events.ts";
import { answerSchema } from "./message-resource.ts";

export interface MessageRoutesDeps {
  conversation: Conversation;
}

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

/** Sends messages: waits for the answer, or streams it. */
export function messageRoutes({ conversation }: MessageRoutesDeps): Route[] {
  return [
    defineRoute({
      method: "POST",
      path: "/chat/sessions/{id}/messages",
      operationId: "sendMessage",
      summary: "Send a message and wait for the answer",
      description:
        "Messages of a session are answered in the order of their arrival, one at a time. While a person answers, it is stored without a reply, and `handoff` is set. A message to a completed session opens the next one. `session_id` of the answer names it.",
      tag: "Messages",
      scope: "messages:write",
      audited: "console",
      params: idParams,
      body: messageBodySchema,
      examples: [{ body: { content: "Hi, I need help with my account." } }],
      responses: [{ status: 201, description: "The bot's reply", schema: answerSchema }],
      errors: [
        SESSION_NOT_FOUND,
        NOT_RUNNING,
        NOT_OFFERED,
        ...ATTACHMENT_ERRORS,
        { status: 409, code: "execution_cancelled", when: "the turn was cancelled, or its session ended" },
        BUDGET_EXCEEDED,
        { status: 502, code: "bot_failed", when: "the bot did not answer; `details.execution_id`" },
      ],
      async handle({ caller, params, body, headers, resourceId }) {
        const session = await conversation.session(caller.workspaceId, params.id);
        const sent = await conversation.send(session, toNewMessage(body, resourceId, headers["traceparent"]));
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
      audited: "console",
      params: idParams,
      body: messageBodySchema,
      examples: [{ body: { content: "Hello!" } }],
      responses: [
        { status: 200, description: "The events", schema: z.string(), contentType: "text/event-stream" },
      ],
      errors: [SESSION_NOT_FOUND, NOT_RUNNING, NOT_OFFERED, ...ATTACHMENT_ERRORS],
      async handle({ caller, params, body, headers, resourceId, signal }) {
        const afterId = lastEventId(headers["last-event-id"]) ?? 0;
        const session = await conversation.session(caller.workspaceId, params.id);
        const sent = await conversation.send(session, toNewMessage(body, resourceId, headers["traceparent"]));
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
