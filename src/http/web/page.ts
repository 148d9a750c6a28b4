export interface PageOptions {
  channel: string;
  title: string;
  greeting: string | null;
  /** The file behind the loader, fetched together with it; null if unknown. */
  panel: string | null;
}

/** The hosted page: the widget at full page size. It contains no script and no style. */
export function chatPage({ channel, title, greeting, panel }: PageOptions): string {
  const attributes = [
    `channel="${escapeHtml(channel)}"`,
    `heading="${escapeHtml(title)}"`,
    ...(greeting === null ? [] : [`greeting="${escapeHtml(greeting)}"`]),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<link rel="icon" type="image/svg+xml" href="/widget/v1/icon.svg">
${panel === null ? "" : `<link rel="modulepreload" href="/widget/v1/${escapeHtml(panel)}">`}
<script type="module" src="/widget/v1/loader.js"></script>
</head>
<body>
<causeway-chat mode="page" ${attributes.join(" ")}></causeway-chat>
<noscript>This chat needs JavaScript.</noscript>
</body>
</html>
`;
}

/** Allows only our own files and our own API. Forbids inline code, and HTML made from text (`trusted-types 'none'`). */
export function contentSecurityPolicy(frameAncestors: readonly string[]): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    // Sent pictures are shown from memory.
    "img-src 'self' blob:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    // "null" is the origin of sandboxed pages. It names no site that could frame this page.
    `frame-ancestors ${["'self'", ...frameAncestors.filter((origin) => origin !== "null")].join(" ")}`,
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
