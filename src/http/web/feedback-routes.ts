import { Router } from "express";
import { z } from "zod";
import { RequestError } from "../../core/faults/errors.ts";
import { isId } from "../../core/ids.ts";
import { COMMENT_ALONE, isCommentOnRating, notRateable, ratingFields } from "../bodies/rating-body.ts";
import { readBody } from "./read-body.ts";
import { requireOwnSession } from "./visitor-auth.ts";
import type { WebDeps } from "./web-deps.ts";
import { messageObject } from "./wire.ts";

const bodySchema = z.strictObject(ratingFields).refine(isCommentOnRating, COMMENT_ALONE);

type FeedbackDeps = Pick<WebDeps, "site" | "visitors" | "traffic" | "sessions" | "news">;

/** A visitor's ratings of what the bot said in the visitor's own sessions. */
export function feedbackRoutes(deps: FeedbackDeps): Router {
  const router = Router();

  router.post("/web/:channel/sessions/:session/messages/:message/feedback", async (request, response) => {
    const { channel, visitor, session } = await requireOwnSession(deps, request, response);
    if (!channel.ratings) throw new RequestError(404, "ratings_off", "This channel takes no ratings.");
    const { rating, comment = null } = await readBody(request, bodySchema);
    const { workspaceId, kind } = channel.ref;
    const id = String(request.params.message);
    const rater = { identifier: visitor.identifier };
    const scope = { workspaceId, sessionId: session.id };
    const rated = isId(id)
      ? await deps.sessions.ratings.rate(scope, id, { rater, rating, comment, via: kind })
      : { kind: "unknown" };
    if (rated.kind === "not_rateable") throw notRateable();
    const message = rated.kind === "rated" ? await deps.visitors.findMessage(id, visitor) : null;
    if (message === null)
      throw new RequestError(404, "message_not_found", "There is no such message in this session.");
    deps.news.sessions.announce(session.id);
    response.json(messageObject(message));
  });

  return router;
}
