import { isIP } from "node:net";
import type { Request } from "express";
import { isPrivateAddress } from "../../core/private-addresses.ts";

/** The caller's network address, as far as it can be believed. */
export function addressOf(request: Request): string {
  return callerAddress(request.socket.remoteAddress ?? "", request.get("x-forwarded-for") ?? "");
}

/**
 * Behind proxies of the operator's own, on this machine or in a private network, the caller is whoever the outermost of
 * them saw: each puts its peer at the end of `X-Forwarded-For`. From anybody else the header is worth nothing.
 */
export function callerAddress(peer: string, forwardedFor: string): string {
  const hops = forwardedFor.split(",").map((hop) => hop.trim());
  const seen = [...hops.filter((hop) => isIP(hop) !== 0), peer];
  const isOwn = (address: string) => isIP(address) !== 0 && isPrivateAddress(address);
  const outermost = seen.findLast((address) => !isOwn(address));
  return outermost ?? seen.at(-2) ?? peer;
}
