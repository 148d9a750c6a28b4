import { Router } from "express";
import { RequestError } from "../../core/faults/errors.ts";
import { chatPage, contentSecurityPolicy } from "./page.ts";
import { sendAsset } from "./page-assets.ts";
import type { WebDeps } from "./web-deps.ts";

/** `GET /chat/{channel}`, the hosted page, and `GET /widget/v1/…`, the files of this page and of other sites' pages. */
export function pageRoutes(deps: Pick<WebDeps, "site">): Router {
  const router = Router();

  router.get("/chat/:channel", async (request, response) => {
    const channel = deps.site.channel(String(request.params.channel));
    if (!channel) throw new RequestError(404, "channel_not_found", "There is no such web channel here.");
    const { panel } = await deps.site.assets();
    const { ref, greeting } = channel;
    const title = channel.title ?? (await deps.site.agent(ref)).name;
    response.set({
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": contentSecurityPolicy(channel.allowedOrigins),
      "Referrer-Policy": "no-referrer",
      "Cross-Origin-Opener-Policy": "same-origin",
      // Visitors record voice messages. The browser asks them first.
      "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
      "Cache-Control": "no-cache",
    });
    response.end(chatPage({ channel: ref.name, title, greeting, panel }));
  });

  router.get("/widget/v1/:file", async (request, response) => {
    const { files } = await deps.site.assets();
    const file = files.get(String(request.params.file));
    // During a change of versions, a page of one version may ask a process of the other. That miss must not be cached.
    if (!file) {
      const headers = { "Cache-Control": "no-store", "Access-Control-Allow-Origin": "*" };
      throw new RequestError(404, "asset_not_found", "There is no such file.", { headers });
    }
    response.set({
      "Cache-Control": file.immutable ? "public, max-age=31536000, immutable" : "public, no-cache",
      // Any page may read them, because they are public. The API decides about permissions.
      "Access-Control-Allow-Origin": "*",
      "Cross-Origin-Resource-Policy": "cross-origin",
    });
    sendAsset(file, request, response);
  });

  return router;
}
