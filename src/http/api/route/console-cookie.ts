import type { IncomingMessage } from "node:http";
import { RequestError } from "../../../core/faults/errors.ts";
import { isLoopback } from "../../../core/network/loopback.ts";

/** The name of the cookie of a sign-in to the console. */
export const CONSOLE_COOKIE = "causeway_console";
const TOKEN = new RegExp(`(?:^|;)\\s*${CONSOLE_COOKIE}=([\\w-]{1,128})\\s*(?:;|$)`);

/** The token in a request's cookies; null if there is none. */
export function consoleToken(cookies: string | undefined): string | null {
  return TOKEN.exec(cookies ?? "")?.[1] ?? null;
}

const WORKSPACE = /(?:^|;)\s*causeway_workspace=([\w.%-]{1,600})\s*(?:;|$)/;

/** The slug of the workspace that the page at the console chose; null if it chose none. */
export function chosenWorkspace(cookies: string | undefined): string | null {
  const value = WORKSPACE.exec(cookies ?? "")?.[1];
  try {
    return value === undefined ? null : decodeURIComponent(value);
  } catch {
    return null;
  }
}

/**
 * The cookie that holds a token, or that takes it away (null). It lives as long as the browser runs, because the server
 * knows the end of the session. No script can read it, and no page of another site can send it.
 */
export function consoleCookie(token: string | null, { secure }: { secure: boolean }): string {
  const parts = [`${CONSOLE_COOKIE}=${token ?? ""}`, "Path=/", "HttpOnly", "SameSite=Strict"];
  return [...parts, ...(secure ? ["Secure"] : []), ...(token === null ? ["Max-Age=0"] : [])].join("; ");
}

/** A cookie goes over plain HTTP only on this machine. The `Host` alone proves nothing, because proxies change it. */
export function isSecure(host: string | undefined, publicUrl: { isPublic: boolean }): boolean {
  const url = `http://${host ?? ""}`;
  return publicUrl.isPublic || !URL.canParse(url) || !isLoopback(new URL(url).hostname);
}

/**
 * Browsers send cookies by themselves, and a page of this site on another port counts as the same site. But no foreign
 * page can add a header of its own.
 */
export function requireConsoleHeader({ method, headers }: Pick<IncomingMessage, "method" | "headers">): void {
  if (method === "GET" || method === "HEAD" || headers["x-console"] === "1") return;
  const message = "A change by the console's cookie needs the header X-Console: 1.";
  throw new RequestError(403, "console_header_missing", message);
}
