import type { Request, Response } from "express";
import { RequestError } from "../../core/faults/errors.ts";
import { isLoopback } from "../../core/network/loopback.ts";

const ALLOWED = {
  "Access-Control-Allow-Methods": "GET, POST",
  "Access-Control-Allow-Headers": "Authorization, Content-Type, Last-Event-ID",
  "Access-Control-Expose-Headers": "X-Request-Id, Retry-After",
  "Access-Control-Max-Age": "600",
};

/**
 * Allows calls from our own pages (at the public URL or on this machine) and from the exact origins in
 * `allowedOrigins`. This keeps other sites' pages out of a visitor's browser. The token identifies the visitor.
 * Requests without `Origin` come from no page.
 */
export function checkOrigin(
  request: Request,
  response: Response,
  allowed: { origins: readonly string[]; publicUrl: string },
): void {
  response.vary("Origin");
  const origin = request.get("origin");
  if (origin === undefined || isOwn(origin, request, allowed.publicUrl)) return;
  if (!allowed.origins.includes(origin)) {
    throw new RequestError(
      403,
      "origin_not_allowed",
      `Pages of ${origin.slice(0, 200)} may not use this channel: add the origin to its allowedOrigins.`,
    );
  }
  response.set("Access-Control-Allow-Origin", origin);
  for (const [name, value] of Object.entries(ALLOWED)) response.set(name, value);
}

/**
 * The `Host` of a request proves nothing, because a foreign page can point its own name here (DNS rebinding). Names of
 * this machine cannot be used for that.
 */
function isOwn(origin: string, request: Request, publicUrl: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { host, hostname } = new URL(origin);
  // A proxy in front may use https although the setting has http, so only the host is compared.
  if (host === new URL(publicUrl).host) return true;
  return isLoopback(hostname) && host === request.get("host")?.toLowerCase();
}
