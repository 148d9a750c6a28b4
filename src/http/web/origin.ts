import type { Request, Response } from "express";
import { RequestError } from "../../core/errors.ts";

const ALLOWED = {
  "Access-Control-Allow-Methods": "GET, POST",
  "Access-Control-Allow-Headers": "Authorization, Content-Type, Last-Event-ID",
  "Access-Control-Expose-Headers": "X-Request-Id, Retry-After",
  "Access-Control-Max-Age": "600",
};

/**
 * Which pages may call: our own, and those of the channel's `allowedOrigins`, exactly. This keeps other sites' pages
 * out of a visitor's browser; who the visitor is, the token says. Requests without `Origin` come from no page.
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

function isOwn(origin: string, request: Request, publicUrl: string): boolean {
  if (!URL.canParse(origin)) return false;
  if (new URL(publicUrl).origin === origin) return true;
  // A proxy in front may speak https where we speak http, so the host is what tells.
  return new URL(origin).host === request.get("host")?.toLowerCase();
}
