import { Router } from "express";
import { requireChannel } from "./visitor-auth.ts";
import type { WebDeps } from "./web-deps.ts";

/** `GET /web/{channel}`: how the chat introduces itself; the same for every visitor. */
export function channelRoutes(deps: Pick<WebDeps, "channel" | "publicUrl" | "agentName" | "desk">): Router {
  const router = Router();
  router.get("/web/:channel", async (request, response) => {
    const channel = requireChannel(deps, request, response);
    const { ref, title, greeting, starters, attachmentTypes } = channel;
    response.setHeader("Cache-Control", "no-cache");
    response.json({
      name: ref.name,
      title: title ?? (await deps.agentName(ref)),
      greeting,
      starters,
      attachments: { types: attachmentTypes, max_bytes: deps.desk.limitBytes },
    });
  });
  return router;
}
