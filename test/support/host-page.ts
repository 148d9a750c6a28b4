import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const README = new URL("../../src/channels/web/README.md", import.meta.url);

/** An external site that embeds the chat. */
export interface HostSite extends AsyncDisposable {
  origin: string;
  /** The contents of its pages, by path. */
  pages: Map<string, { html: string; policy?: string }>;
}

/** Serves pages on a separate origin, until it is disposed of. */
export async function startHostSite(): Promise<HostSite> {
  const pages: HostSite["pages"] = new Map();
  const server = createServer((request, response) => {
    const page = pages.get(request.url ?? "");
    response.setHeader("content-type", "text/html; charset=utf-8");
    if (page?.policy) response.setHeader("content-security-policy", page.policy);
    response.statusCode = page ? 200 : 404;
    response.end(page ? `<!doctype html><html lang="en"><title>Shop</title>${page.html}</html>` : "");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    pages,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The snippet from the documentation, for the Causeway at `url`. */
export function documentedSnippet(url: string): string {
  const [, snippet = ""] = /```html\n(<script[^`]+)```/.exec(readFileSync(README, "utf8")) ?? [];
  return snippet.replace("https://chat.example.org", url);
}

/** The strictest policy of a page. It allows only the chat's scripts and calls, and no HTML from text anywhere. */
export function strictPolicy(url: string): string {
  return [
    "default-src 'none'",
    `script-src ${url}`,
    `connect-src ${url}`,
    "style-src 'self'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}
