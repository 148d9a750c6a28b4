import { type Request, type Response, Router } from "express";
import { requireChannel } from "./visitor-auth.ts";
import type { WebChannel, WebDeps } from "./web-deps.ts";

/** `GET /web/{channel}`: the chat's title, greeting and settings, the same for every visitor. */
export function channelRoutes(deps: Pick<WebDeps, "site" | "files">): Router {
  const router = Router();
  router.get("/web/:channel", async (request, response) => {
    const channel = introduced(deps, request, response);
    const { ref, title, greeting, starters, ratings, attachmentTypes } = channel;
    const agent = await deps.site.agent(ref);
    response.setHeader("Cache-Control", "no-cache");
    response.json({
      name: ref.name,
      title: title ?? agent.name,
      greeting,
      starters,
      ratings,
      attachments: { types: attachmentTypes, max_bytes: deps.files.uploads.limitBytes },
      voice: agent.hearsSeconds === null ? null : { max_seconds: agent.hearsSeconds },
    });
  });
  return router;
}

/**
 * A page that may not use the channel can read the reason here. Browsers hide the refusals of all other calls, so the
 * page could not tell them from a server outage.
 */
function introduced(deps: Pick<WebDeps, "site">, request: Request, response: Response): WebChannel {
  try {
    return requireChannel(deps, request, response);
  } catch (error) {
    response.set("Access-Control-Allow-Origin", "*");
    throw error;
  }
}
