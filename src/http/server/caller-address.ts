import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { plainAddress, senderName } from "../../core/network/network-address.ts";
import { createProxyTrust } from "../../core/network/trusted-proxies.ts";

/** Names the sender of a request by its network address, for limits. */
export type CallerOf = (request: Pick<IncomingMessage, "socket" | "headers">) => string;

/** @param trustedProxies the proxies whose `X-Forwarded-For` is trusted. */
export function createCallerOf(trustedProxies: readonly string[]): CallerOf {
  const isTrusted = createProxyTrust(trustedProxies);
  return ({ socket, headers }) => {
    const forwarded = headers["x-forwarded-for"];
    const peer = socket.remoteAddress ?? "";
    if (forwarded === undefined) return senderName(peer);
    return senderName(callerAddress(peer, String(forwarded), isTrusted));
  };
}

/** Every real chain of proxies fits into this; a longer header is made up. Characters. */
const MOST_FORWARDED = 1_000;

/**
 * Each proxy adds its peer at the end of `X-Forwarded-For`. Behind the operator's own proxies, the caller is the peer
 * of the outermost one. From any other sender the header is ignored.
 */
export function callerAddress(
  peer: string,
  forwardedFor: string,
  isTrusted: (address: string) => boolean,
): string {
  const whole = forwardedFor.length <= MOST_FORWARDED;
  const hops = forwardedFor
    .slice(-MOST_FORWARDED)
    .split(",")
    .slice(whole ? 0 : 1)
    .map(addressIn);
  // A trusted proxy writes only addresses. So everything before a text that is no address is ignored.
  const seen = [...hops.slice(hops.findLastIndex((hop) => hop === null) + 1), peer].map((hop) => hop ?? "");
  const outermost = seen.findLast((address) => !isTrusted(address));
  return plainAddress(outermost ?? seen.at(-2) ?? peer);
}

/** Some proxies also write the port. */
function addressIn(hop: string): string | null {
  const text = hop.trim();
  const bare = /^\[(.*)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
  return isIP(bare) === 0 ? null : bare;
}
