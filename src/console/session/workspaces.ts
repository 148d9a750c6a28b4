const COOKIE = "causeway_workspace";
const tabs = new BroadcastChannel("causeway-console-workspace");

// All tabs share the choice, as they share the stream of changes.
tabs.onmessage = () => location.reload();

/**
 * Goes on in another workspace. A stream of events, a picture and a saved file carry no header of ours, so the choice
 * is a cookie. The server looks if it is allowed.
 */
export function enterWorkspace(slug: string): void {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is missing on plain HTTP and in old browsers
  document.cookie = `${COOKIE}=${encodeURIComponent(slug)}; Path=/; SameSite=Strict; Max-Age=31536000${secure}`;
  tabs.postMessage(slug);
  location.href = "/console";
}
