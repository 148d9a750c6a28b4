import { createHmac, timingSafeEqual } from "node:crypto";

/** Lifetime of a link in milliseconds: long enough for a slow platform or bot. */
const VALID_MS = 3_600_000;

/**
 * Creates links that open one file for a limited time without an API key. Custom bots use them, and platforms that
 * download the files that they send. The key is random, and all processes share it.
 */
export function createAttachmentLinks(options: { key: Buffer; publicUrl: string; now: () => number }) {
  const signature = (id: string, expires: string) =>
    createHmac("sha256", options.key).update(`${id}.${expires}`).digest("base64url");

  return {
    linkTo(id: string): string {
      const expires = String(Math.ceil((options.now() + VALID_MS) / 1000));
      return `${options.publicUrl}/attachments/${id}?expires=${expires}&signature=${signature(id, expires)}`;
    },

    /** True if this service created the link and it has not expired. */
    isValid(id: string, expires: string, given: string): boolean {
      const wanted = Buffer.from(signature(id, expires));
      const shown = Buffer.from(given);
      const isOurs = wanted.length === shown.length && timingSafeEqual(wanted, shown);
      return isOurs && Number(expires) * 1000 > options.now();
    },
  };
}
