import { isLoopback } from "../core/loopback.ts";

/** What is wrong with a public URL and how to write it, or null. */
export function publicUrlProblem(text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    return "write a URL that starts with https:// or http://, such as https://chat.example.org";
  }
  if (url.username !== "" || url.password !== "") return "leave out the user and password";
  if (url.search !== "" || url.hash !== "") return "leave out everything from the ? or # on";
  return null;
}

/** The URL we are reached at: the one that was set, else the address we listen on. */
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

/** "Every address" is somewhere to listen, not somewhere to go. */
function reachableHost(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}
