import type { Request } from "express";

/**
 * The caller's network address. Behind a proxy on this machine it is what that proxy saw, the last entry of
 * `X-Forwarded-For`; from anybody else the header is worth nothing.
 */
export function addressOf(request: Request): string {
  const peer = request.socket.remoteAddress ?? "";
  const isLoopback = peer === "::1" || peer.startsWith("127.") || peer.startsWith("::ffff:127.");
  const forwarded = isLoopback ? request.get("x-forwarded-for")?.split(",").at(-1)?.trim() : undefined;
  return forwarded || peer;
}
