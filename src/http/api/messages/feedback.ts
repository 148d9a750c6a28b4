import { z } from "zod";
import type { SessionAgents } from "../../../agents/session-agent-repository.ts";
import { RequestError } from "../../../core/faults/errors.ts";
import { RATINGS } from "../../../core/message/rating.ts";
import type { MessageQueries } from "../../../sessions/message-queries-repository.ts";
import type { FeedbackQueries, FeedbackView } from "../../../sessions/rating-queries-repository.ts";
import type { RatingRepository } from "../../../sessions/rating-repository.ts";
import { COMMENT_ALONE, isCommentOnRating, notRateable, ratingFields } from "../../bodies/rating-body.ts";
import { listReply, pageQuery, pageRequest } from "../route/paging.ts";
import { defineRoute, type Route } from "../route/route.ts";
import { idParams, idSchema, listSchema } from "../route/wire-schemas.ts";
import { feedbackSchema, messageSchema, toFeedbackObject, toMessage } from "./message-resource.ts";

export interface FeedbackRoutesDeps {
  ratings: Pick<RatingRepository, "rate">;
  feedback: FeedbackQueries;
  messages: Pick<MessageQueries, "find">;
  agents: Pick<SessionAgents, "find">;
  /** Tells followers of a session that it has changed. */
  notify(channelId: string, sessionId: string): void;
}

const bodySchema = z
  .strictObject({
    ...ratingFields,
    user: z
      .string()
      .trim()
      .min(1)
      .max(200)
      .optional()
      .describe("The identifier of who rates. Default: the session's user"),
  })
  .refine(isCommentOnRating, COMMENT_ALONE);

const listQuery = z.strictObject({
  ...pageQuery,
  session_id: z.string().min(1).optional(),
  agent_id: z.string().min(1).optional().describe("Id or slug"),
  channel: z.string().min(1).optional(),
  rating: z.enum(RATINGS).optional(),
});

const listedSchema = z
  .object({
    id: idSchema,
    message_id: idSchema,
    session_id: idSchema,
    agent_id: idSchema,
    agent_version: z.int(),
    channel: z.string(),
    content: z.string().describe("The words that were rated"),
    ...feedbackSchema.shape,
  })
  .meta({ id: "ListedFeedback" });

/** Ratings of what the bot said: give one, list them. */
export function feedbackRoutes(deps: FeedbackRoutesDeps): Route[] {
  return [
    defineRoute({
      method: "POST",
      path: "/messages/{id}/feedback",
      operationId: "rateMessage",
      summary: "Rate what the bot said",
      description:
        "Thumbs up or down, with an optional comment. There is one rating for each message and user: a later call replaces all of it, and `null` takes it back. Ratings of the web chat, and reactions in Slack and Telegram, are in the same place.",
      tag: "Messages",
      scope: "messages:write",
      audited: "console",
      params: idParams,
      body: bodySchema,
      examples: [{ body: { rating: "down", comment: "The opening hours are wrong." } }],
      responses: [{ status: 200, description: "The message with its ratings", schema: messageSchema }],
      errors: [
        { status: 404, code: "message_not_found", when: "there is no such message" },
        { status: 422, code: "not_rateable", when: "it is no answer" },
      ],
      async handle({ caller, params, body }) {
        const rated = await deps.ratings.rate({ workspaceId: caller.workspaceId }, params.id, {
          rater: body.user === undefined ? null : { identifier: body.user },
          rating: body.rating,
          comment: body.comment ?? null,
          via: "api",
        });
        if (rated.kind === "not_rateable") throw notRateable();
        const message = rated.kind === "rated" ? await deps.messages.find(params.id) : null;
        if (rated.kind === "unknown" || message === null)
          throw new RequestError(404, "message_not_found", `There is no message ${params.id} here.`);
        deps.notify(rated.channelId, rated.sessionId);
        return { status: 200, body: toMessage(message) };
      },
    }),
    defineRoute({
      method: "GET",
      path: "/feedback",
      operationId: "listFeedback",
      summary: "List ratings",
      description:
        "Newest first, of every channel. `meta.total` is exact up to 10,000 and an estimate beyond.",
      tag: "Messages",
      scope: "sessions:read",
      query: listQuery,
      examples: [{ query: { rating: "down", limit: "50" } }],
      responses: [{ status: 200, description: "A page of ratings", schema: listSchema(listedSchema) }],
      async handle({ caller, query }) {
        const { workspaceId } = caller;
        const agentId = query.agent_id && (await deps.agents.find(workspaceId, query.agent_id))?.id;
        const { session_id: sessionId, channel, rating } = query;
        const filters = { sessionId, channel, rating, agentId: agentId ?? query.agent_id };
        return listReply(await deps.feedback.list(workspaceId, filters, pageRequest(query)), query, present);
      },
    }),
  ];
}

function present(view: FeedbackView): z.output<typeof listedSchema> {
  return {
    id: view.id,
    message_id: view.messageId,
    session_id: view.sessionId,
    agent_id: view.agentId,
    agent_version: view.agentVersion,
    channel: view.channel,
    content: view.content,
    ...toFeedbackObject(view),
  };
}
