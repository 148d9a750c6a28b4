import { Router } from "express";
import { RequestError } from "../../core/errors.ts";
import { chatPage, contentSecurityPolicy } from "./page.ts";
import type { WebDeps } from "./web-deps.ts";

/** `GET /chat/{channel}`, the hosted page, and its files. */
export function pageRoutes(deps: Pick<WebDeps, "channel" | "assets">): Router {
  const router = Router();

  router.get("/chat/:channel", async (request, response) => {
    const channel = deps.channel(String(request.params.channel));
    if (!channel) throw new RequestError(404, "channel_not_found", "There is no such web channel here.");
    const assets = await deps.assets();
    response.set({
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": contentSecurityPolicy(channel.allowedOrigins),
      "Referrer-Policy": "no-referrer",
      "Cross-Origin-Opener-Policy": "same-origin",
      "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
      "Cache-Control": "no-cache",
    });
    const { name } = channel.ref;
    const { title, greeting } = channel;
    response.end(
      chatPage(
        { channel: name, title: title ?? "Chat", greeting, base: `/chat/assets/${assets.hash}` },
        assets,
      ),
    );
  });

  router.get("/chat/assets/:hash/:file", async (request, response) => {
    const assets = await deps.assets();
    const file =
      request.params.hash === assets.hash ? assets.files.get(String(request.params.file)) : undefined;
    // While versions change over, a page of one may ask a process of the other: that miss must not be remembered.
    if (!file) {
      const headers = { "Cache-Control": "no-store" };
      throw new RequestError(404, "asset_not_found", "There is no such file.", { headers });
    }
    response.set({
      "Content-Type": file.contentType,
      "Cache-Control": "public, max-age=31536000, immutable",
      "Cross-Origin-Resource-Policy": "same-origin",
    });
    response.end(file.bytes);
  });

  return router;
}
