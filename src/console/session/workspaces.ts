const COOKIE = "causeway_workspace";
const tabs = new BroadcastChannel("causeway-console-workspace");

// All tabs share the choice, as they share the stream of changes.
tabs.onmessage = () => location.reload();

/**
 * Continues in another workspace. Requests for streams, pictures and saved files have no header of ours, so a cookie
 * holds the choice. The server checks if the choice is allowed.
 */
export function enterWorkspace(slug: string): void {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is missing on plain HTTP and in old browsers
  document.cookie = `${COOKIE}=${encodeURIComponent(slug)}; Path=/; SameSite=Strict; Max-Age=31536000${secure}`;
  tabs.postMessage(slug);
  location.href = "/console";
}
