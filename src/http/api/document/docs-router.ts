import { type Response, Router, type Router as RouterType } from "express";
import { RequestError } from "../../../core/faults/errors.ts";
import { packageFile } from "../../../core/process/package-file.ts";
import type { JsonObject } from "../../../core/text/json.ts";
import { createPageAssets, sendAsset } from "../../web/page-assets.ts";
import { plainPage } from "./plain-page.ts";

const BUILT_VIEWER = packageFile("dist/api-page/");

/**
 * Allows only our own files and calls of our own API. Unlike the console's policy it requires no trusted types, because
 * the viewer makes HTML from Markdown. `script-src` still stops every script in it.
 */
const VIEWER_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** No script and no external content: `plainPage` generates the whole page. */
const PLAIN_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

const VIEWER = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Causeway API</title>
<link rel="icon" type="image/svg+xml" href="/widget/v1/icon.svg">
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
<link rel="stylesheet" href="/docs/assets/page.css">
<script defer src="/docs/assets/swagger-ui-bundle.js"></script>
<script defer src="/docs/assets/start.js"></script>
</head>
<body>
<main id="api"></main>
<p class="plain"><a href="/docs/plain">The same as one page without scripts</a> · <a href="/api/v1/openapi.json">openapi.json</a></p>
</body>
</html>
`;

/**
 * `/api/v1/openapi.json`, and `/docs`, where people read it and make calls. `/` redirects to the console. All are
 * public, because they contain no secret.
 * @param makeDocument called at the first request, because it takes longer than the rest of the API's start.
 */
export function docsRouter(
  makeDocument: () => JsonObject,
  viewerFiles = createPageAssets(BUILT_VIEWER),
): RouterType {
  const router = Router({ caseSensitive: true });
  const document = once(makeDocument);
  const json = once(() => JSON.stringify(document()));
  const plain = once(() => plainPage(document()));
  const sendPlain = (response: Response) => sendPage(response, PLAIN_POLICY, plain());
  const viewer = () => viewerFiles().catch(() => null);

  router.get("/api/v1/openapi.json", (_request, response) => {
    response.setHeader("Content-Type", "application/json; charset=utf-8");
    response.end(json());
  });
  // Browsers name HTML. A program that takes anything reads the description of the API.
  router.get("/", (request, response) =>
    response.redirect(request.accepts(["json", "html"]) === "html" ? "/console" : "/docs"),
  );
  router.get("/docs", async (_request, response) => {
    if ((await viewer()) === null) sendPlain(response);
    else sendPage(response, VIEWER_POLICY, VIEWER);
  });
  router.get("/docs/plain", (_request, response) => sendPlain(response));
  router.get("/docs/assets/:file", async (request, response) => {
    const file = (await viewer())?.files.get(request.params.file);
    if (!file) throw new RequestError(404, "asset_not_found", "There is no such file.");
    response.set({ "Cache-Control": "public, no-cache", "Cross-Origin-Resource-Policy": "same-origin" });
    sendAsset(file, request, response);
  });
  return router;
}

function sendPage(response: Response, policy: string, html: string): void {
  response.set({
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": policy,
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
  });
  response.end(html);
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
