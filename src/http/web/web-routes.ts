import { type ErrorRequestHandler, Router } from "express";
import { databaseOutage } from "../api/route/database-outage.ts";
import { attachmentRoutes } from "./attachment-routes.ts";
import { channelRoutes } from "./channel-routes.ts";
import { eventRoutes } from "./event-routes.ts";
import { feedbackRoutes } from "./feedback-routes.ts";
import { createLiveStreams } from "./live-streams.ts";
import { messageRoutes } from "./message-routes.ts";
import { pageRoutes } from "./page-routes.ts";
import { sessionActRoutes } from "./session-act-routes.ts";
import { sessionRoutes } from "./session-routes.ts";
import { requireChannel } from "./visitor-auth.ts";
import { visitorRoutes } from "./visitor-routes.ts";
import type { WebDeps } from "./web-deps.ts";

/** A visitor's page tries again after a 503. */
const asOutage: ErrorRequestHandler = (error, _request, _response, next) =>
  next(databaseOutage(error) ?? error);

/** Web chat: the hosted page under `/chat`, and the API for browsers under `/web`. Mounted at `/`. */
export function webRoutes(deps: WebDeps): Router {
  const router = Router();
  router.options("/web/:channel/*rest", (request, response) => {
    requireChannel(deps, request, response);
    response.status(204).end();
  });
  router.use(channelRoutes(deps));
  router.use(visitorRoutes(deps));
  router.use(sessionRoutes(deps));
  router.use(sessionActRoutes(deps));
  router.use(messageRoutes(deps));
  router.use(feedbackRoutes(deps));
  router.use(attachmentRoutes(deps));
  router.use(eventRoutes({ ...deps, serve: createLiveStreams(deps) }));
  router.use(pageRoutes(deps));
  router.use(asOutage);
  return router;
}
