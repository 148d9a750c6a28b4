/** Whether a host name leads back to the machine that asks for it. */
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
 * Whether a platform whose API is at `platformUrl` can call us: at a public address anybody can, at one of this machine
 * what runs on it too, such as a local Bot API server.
 */
export function canCallUs(publicUrl: { isPublic: boolean }, platformUrl: string): boolean {
  return publicUrl.isPublic || isLoopback(new URL(platformUrl).hostname);
}
