/** Returns true if a host name means the local machine. */
export function isLoopback(hostname: string): boolean {
  return (
    hostname === "localhost" ||
    hostname.endsWith(".localhost") ||
    hostname === "[::1]" ||
    /^127\.\d+\.\d+\.\d+$/.test(hostname) ||
    hostname === "0.0.0.0"
  );
}

/**
 * Returns true if a platform whose API is at `platformUrl` can call us. Anybody can call a public address. A server on
 * this machine, such as a local Bot API server, can call a local address.
 */
export function canCallUs(publicUrl: { isPublic: boolean }, platformUrl: string): boolean {
  return publicUrl.isPublic || isLoopback(new URL(platformUrl).hostname);
}
