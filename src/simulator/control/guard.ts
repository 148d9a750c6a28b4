import type { Request, RequestHandler } from "express";
import { isLoopback } from "../../core/network/loopback.ts";
import { refused } from "./refused.ts";

/**
 * Allows browsers only from pages of the simulator's own origin, at an address that no foreign site can use. Other
 * programs send neither header and may always call.
 */
export const ownOriginOnly: RequestHandler = (request, response, next) => {
  const origin = request.get("origin");
  const site = request.get("sec-fetch-site");
  const isBrowser = origin !== undefined || site !== undefined;
  const isOwn =
    (origin === undefined || originOf(origin) === `${request.get("host")}`) &&
    (site === undefined || site === "same-origin" || site === "none") &&
    isAddress(request);
  if (!isBrowser || isOwn) return next();
  refused(response, 403, "foreign_origin", "Browsers may call the simulator only from its own page.");
};

function originOf(origin: string): string | null {
  return URL.canParse(origin) && /^https?:/.test(origin) ? new URL(origin).host : null;
}

/** A name could lead a browser here on behalf of another site. A number cannot. */
function isAddress(request: Request): boolean {
  const url = `http://${request.get("host") ?? ""}`;
  if (!URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  return isLoopback(hostname) || hostname.startsWith("[") || /^\d+\.\d+\.\d+\.\d+$/.test(hostname);
}
