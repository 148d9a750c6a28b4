import { readFile } from "node:fs/promises";
import { Router } from "express";
import { packageFile } from "../../core/process/package-file.ts";
import { refused } from "./refused.ts";

const BUILT_PAGE = packageFile("dist/simulator-page/");

const FILES: Readonly<Record<string, string>> = {
  "page.js": "text/javascript; charset=utf-8",
  "page.css": "text/css; charset=utf-8",
  "icon.svg": "image/svg+xml",
};

/** Allows only our own files and our own API. Forbids inline code, and HTML made from text. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "media-src 'self' blob:",
  "connect-src 'self'",
  // The web chat of the same service.
  "frame-src 'self'",
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
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Simulator</title>
<link rel="icon" type="image/svg+xml" href="/simulator/icon.svg">
<link rel="stylesheet" href="/simulator/page.css">
<script type="module" src="/simulator/page.js"></script>
</head>
<body>
<main id="page"></main>
<noscript>This page needs JavaScript.</noscript>
</body>
</html>
`;

/** The page with the phones, and its files. */
export function pageRoutes(): Router {
  const router = Router();
  router.get("/", (_request, response) => {
    response.set({
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": POLICY,
      "Referrer-Policy": "no-referrer",
      "Cross-Origin-Opener-Policy": "same-origin",
      "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
      "X-Content-Type-Options": "nosniff",
      "Cache-Control": "no-cache",
    });
    response.end(PAGE);
  });
  router.get("/:file", async (request, response, next) => {
    const { file } = request.params;
    const type = FILES[file];
    if (type === undefined) return next();
    try {
      const bytes = await readFile(`${BUILT_PAGE}${file}`);
      response.set({
        "Content-Type": type,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-cache",
      });
      response.end(bytes);
    } catch {
      refused(response, 503, "page_not_built", "The page is not built: run `npm run build`.");
    }
  });
  return router;
}
