/** Allowed protocols of links: no scripts, no files, and no URLs relative to the page of the chat. */
const HARMLESS = ["http:", "https:", "mailto:", "tel:"];

/** The URL if it is safe to follow, else null. */
export function safeUrl(written: string): string | null {
  if (!/^(https?:\/\/|mailto:|tel:)/i.test(written) || !URL.canParse(written)) return null;
  const url = new URL(written);
  return HARMLESS.includes(url.protocol) ? url.href : null;
}

/** The text beside a link whose words do not show its destination; null if they do. */
export function destinationOf(url: string, words: string): string | null {
  const { protocol, host, pathname } = new URL(url);
  const destination = protocol.startsWith("http") ? host.replace(/^www\./, "") : pathname;
  return words.toLowerCase().includes(destination.toLowerCase()) ? null : destination;
}
