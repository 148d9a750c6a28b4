/** Where following a link may lead: no scripts, no files, nothing relative to the page the chat stands in. */
const HARMLESS = ["http:", "https:", "mailto:", "tel:"];

/** The address if following it is harmless, else null. */
export function safeUrl(written: string): string | null {
  if (!/^(https?:\/\/|mailto:|tel:)/i.test(written) || !URL.canParse(written)) return null;
  const url = new URL(written);
  return HARMLESS.includes(url.protocol) ? url.href : null;
}

/** What to show beside a link whose words do not say where it leads; null: they do. */
export function destinationOf(url: string, words: string): string | null {
  const { protocol, host, pathname } = new URL(url);
  const destination = protocol.startsWith("http") ? host.replace(/^www\./, "") : pathname;
  return words.toLowerCase().includes(destination.toLowerCase()) ? null : destination;
}
