import { z } from "zod";
import { buttonsSchema } from "../../../core/message/button-schema.ts";
import type { Handoffs } from "../../../handoffs/handoffs-repository.ts";
import { UploadTaken } from "../../../handoffs/say-repository.ts";
import type { MessageQueries } from "../../../sessions/message-queries-repository.ts";
import type { SessionQueries } from "../../../sessions/session-queries-repository.ts";
import {
  attachmentAlreadySent,
  MOST_ATTACHMENTS,
  type UploadStore,
  uploadsOf,
} from "../../bodies/uploads.ts";
import { saysSomething } from "../messages/message-body.ts";
import { messageSchema, toMessage } from "../messages/message-resource.ts";
import { defineRoute, type Route } from "../route/route.ts";
import { idParams } from "../route/wire-schemas.ts";
import { requireSession, SESSION_NOT_FOUND, sessionNotFound } from "../sessions/require-session.ts";
import { HANDOFF_TAKEN, NO_HANDOFF, refusedError } from "./handoff-errors.ts";
import { personOf } from "./person.ts";

export interface HandoffReplyDeps {
  sessions: Pick<SessionQueries, "find">;
  messages: Pick<MessageQueries, "find">;
  handoffs: Pick<Handoffs, "reply">;
  uploads: Pick<UploadStore, "find">;
}

const replySchema = z
  .strictObject({
    content: z.string().max(100_000).default("").describe("The text for the user"),
    buttons: buttonsSchema
      .default([])
      .describe("The buttons below it. Channels without buttons show a numbered list"),
    attachment_ids: z
      .array(z.string().min(1))
      .max(MOST_ATTACHMENTS)
      .default([])
      .describe("Files that were uploaded into the session; with some, the text may be empty"),
  })
  .superRefine(saysSomething)
  .refine(({ content, buttons }) => buttons.length === 0 || content.trim() !== "", {
    path: ["buttons"],
    error: "write a text above the buttons",
  });

/** A person's message to the user. */
export function handoffReplyRoutes(deps: HandoffReplyDeps): Route[] {
  return [
    defineRoute({
      method: "POST",
      path: "/chat/sessions/{id}/handoff/reply",
      operationId: "replyInHandoff",
      summary: "Say something to the user as a person",
      description:
        "A handoff that nobody holds becomes the caller's. The message is delivered like every reply; its deliveries say what became of it.",
      tag: "Handoffs",
      scope: "handoff:write",
      params: idParams,
      body: replySchema,
      examples: [{ body: { content: "Hello, this is Anna. Your refund is on its way." } }],
      responses: [{ status: 201, description: "The message", schema: messageSchema }],
      errors: [
        SESSION_NOT_FOUND,
        NO_HANDOFF,
        HANDOFF_TAKEN,
        { status: 404, code: "attachment_not_found", when: "an attachment is none of this session" },
        { status: 409, code: "attachment_already_sent", when: "an attachment went with another message" },
      ],
      async handle({ caller, params, body, resourceId }) {
        const session = await requireSession(deps.sessions, caller.workspaceId, params.id);
        const { content, buttons, attachment_ids: ids } = body;
        const uploads = await uploadsOf(deps.uploads, session.id, ids, async () => resourceId);
        const reply = { messageId: resourceId, content, buttons, uploads: uploads?.ids ?? [] };
        try {
          const outcome = await deps.handoffs.reply(session, personOf(caller), reply);
          if (outcome.kind !== "replied") throw refusedError(params.id, outcome);
        } catch (error) {
          if (error instanceof UploadTaken) throw attachmentAlreadySent();
          throw error;
        }
        const message = await deps.messages.find(resourceId);
        if (!message) throw sessionNotFound(params.id);
        return { status: 201, body: toMessage(message) };
      },
    }),
  ];
}
