import { z } from "zod";
import type { PromptMessage } from "../../../bots/bot.ts";
import { BotError, RequestError } from "../../../core/faults/errors.ts";
import type { SessionQueries } from "../../../sessions/session-queries-repository.ts";
import type { SessionView } from "../../../sessions/session-view.ts";
import { defineRoute, type Route } from "../route/route.ts";
import { idParams } from "../route/wire-schemas.ts";
import { requireSession, SESSION_NOT_FOUND } from "../sessions/require-session.ts";

export interface RenderRoutesDeps {
  sessions: Pick<SessionQueries, "find">;
  /** The exact messages that the session's bot would get, with or without a new user message. */
  renderPrompt(session: SessionView, content: string | null): Promise<PromptMessage[]>;
}

const bodySchema = z.strictObject({
  content: z.string().min(1).optional().describe("A message the user might send next"),
});

const renderedSchema = z
  .object({
    messages: z.array(z.object({ role: z.enum(["system", "user", "assistant"]), content: z.string() })),
  })
  .meta({ id: "RenderedPrompt" });

/** `POST /chat/sessions/{id}/render`: the messages that the bot would get, without calling it. */
export function renderRoutes({ sessions, renderPrompt }: RenderRoutesDeps): Route[] {
  return [
    defineRoute({
      method: "POST",
      path: "/chat/sessions/{id}/render",
      operationId: "renderSession",
      summary: "Show what the bot would be sent",
      description:
        "Agent messages, situation, participant data, summary, recent history and the new message, variables filled in. Nothing is stored, no bot is called.",
      tag: "Sessions",
      scope: "sessions:read",
      audited: "never",
      params: idParams,
      body: bodySchema,
      examples: [{ body: { content: "What is machine learning?" } }, { body: {} }],
      responses: [{ status: 200, description: "The messages, in order", schema: renderedSchema }],
      errors: [
        SESSION_NOT_FOUND,
        { status: 422, code: "prompt_too_long", when: "the fixed parts alone exceed `history.maxTokens`" },
      ],
      async handle({ caller, params, body }) {
        const session = await requireSession(sessions, caller.workspaceId, params.id);
        try {
          return { status: 200, body: { messages: await renderPrompt(session, body.content ?? null) } };
        } catch (error) {
          if (error instanceof BotError) throw new RequestError(422, error.code, error.message);
          throw error;
        }
      },
    }),
  ];
}
