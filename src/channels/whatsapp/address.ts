/**
 * `whatsapp:` and whatever names a user: opaque, usually a phone number (`whatsapp:+491701234567`), else an id that
 * WhatsApp gave them for this business (`whatsapp:US.13491208655302741918`). The same at every provider.
 */
export function isAddress(address: string): boolean {
  return /^whatsapp:\S{1,200}$/.test(address);
}

/** The address of a number as people write it: `+491701234567`, `491701234567`. Anything else stays as it is. */
export function toAddress(written: string): string {
  const number = /^(?:whatsapp:)?\+?(\d{6,15})$/.exec(written.trim())?.[1];
  return number === undefined ? written : `whatsapp:+${number}`;
}
