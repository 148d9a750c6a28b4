import type { PageAssets } from "./page-assets.ts";

export interface PageOptions {
  channel: string;
  title: string;
  greeting: string | null;
  /** Where the assets are, without a trailing slash. */
  base: string;
}

/** The hosted page. What it shows of the channel stands in attributes: there is no script in it, and no style. */
export function chatPage(options: PageOptions, assets: PageAssets): string {
  const base = escapeHtml(options.base);
  const modules = [...assets.files.keys()].filter((name) => name.endsWith(".js"));
  const preloads = modules.map((name) => `<link rel="modulepreload" href="${base}/${escapeHtml(name)}">`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(options.title)}</title>
<link rel="icon" type="image/svg+xml" href="${base}/icon.svg">
<link rel="stylesheet" href="${base}/chat.css">
${preloads.join("\n")}
<script type="module" src="${base}/main.js"></script>
</head>
<body>
<div id="chat" data-channel="${escapeHtml(options.channel)}" data-title="${escapeHtml(options.title)}" data-greeting="${escapeHtml(options.greeting ?? "")}"></div>
<noscript>This chat needs JavaScript.</noscript>
</body>
</html>
`;
}

/** Nothing but our own files and our own API; no inline anything; no HTML from text (`trusted-types 'none'`). */
export function contentSecurityPolicy(frameAncestors: readonly string[]): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${["'self'", ...frameAncestors].join(" ")}`,
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}
