import { Router } from "express";
import { RequestError } from "../../core/faults/errors.ts";
import { packageFile } from "../../core/process/package-file.ts";
import { createPageAssets, sendAsset } from "../web/page-assets.ts";

const BUILT_PAGE = packageFile("dist/console/");

/**
 * Allows only our own files and our own API. Forbids inline code, HTML made from text, and being shown in a frame.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>Causeway console</title>
<link rel="icon" type="image/svg+xml" href="/widget/v1/icon.svg">
<link rel="stylesheet" href="/console/assets/page.css">
<script type="module" src="/console/assets/page.js"></script>
</head>
<body>
<div id="page"></div>
<noscript>The console needs JavaScript.</noscript>
</body>
</html>
`;

/** The addresses of the page's screens. Other routers serve every other path below `/console`. */
const SCREENS = [
  "/",
  "/conversations",
  "/conversations/:id",
  "/people",
  "/people/:id",
  "/message",
  "/schedules",
  "/trouble",
  "/numbers",
  "/channels",
  "/agents",
  "/agents/:id",
  "/access",
  "/keys",
  "/audit",
];

/** `GET /console`, the page for operators, and its files. They hold no data, so anybody may read them. */
export function consolePage(assets = createPageAssets(BUILT_PAGE)): Router {
  const router = Router();

  router.get(SCREENS, (_request, response) => {
    response.set({
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": POLICY,
      "Referrer-Policy": "no-referrer",
      "Cross-Origin-Opener-Policy": "same-origin",
      "Cross-Origin-Resource-Policy": "same-origin",
      "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
      "Cache-Control": "no-cache",
    });
    response.end(PAGE);
  });

  router.get("/assets/:file", async (request, response) => {
    const { files } = await assets();
    const file = files.get(request.params.file);
    if (!file) {
      const headers = { "Cache-Control": "no-store" };
      throw new RequestError(404, "asset_not_found", "There is no such file.", { headers });
    }
    response.set({
      "Cache-Control": file.immutable ? "public, max-age=31536000, immutable" : "public, no-cache",
      "Cross-Origin-Resource-Policy": "same-origin",
    });
    sendAsset(file, request, response);
  });

  return router;
}
