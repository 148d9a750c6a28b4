import { isLoopback } from "../core/network/loopback.ts";

/** Describes how to correct a public URL; null if it is valid. */
export function publicUrlProblem(text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    return "write a URL that starts with https:// or http://, such as https://chat.example.org";
  }
  if (url.username !== "" || url.password !== "") return "leave out the user and password";
  if (url.search !== "" || url.hash !== "") return "leave out everything from the ? or # on";
  return null;
}

/** Describes how to correct the address of an OpenID Connect provider; null if it is valid. */
export function issuerProblem(text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isSafe = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
  if (url === null || !isSafe) return "write a URL that starts with https://";
  if (url.search !== "" || url.hash !== "") return "leave out everything from the ? or # on";
  return null;
}

/** The URL of the service: the configured one, or the address on which it listens. */
export function resolvePublicUrl(given: { publicUrl: string | null; host: string; port: number }): {
  url: string;
  isPublic: boolean;
} {
  if (given.publicUrl !== null) {
    return {
      url: given.publicUrl.replace(/\/+$/, ""),
      isPublic: !isLoopback(new URL(given.publicUrl).hostname),
    };
  }
  return { url: `http://${reachableHost(given.host)}:${given.port}`, isPublic: false };
}

/** Converts a listen address to a host that clients can use. "Every address" is only valid for listening. */
function reachableHost(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}
