import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";

/** How long a link opens a file, milliseconds: long enough for a platform or a bot that is slow to come for it. */
const VALID_MS = 3_600_000;

/**
 * Links that open one file for a while, for whoever has no key: bots of your own, and platforms that fetch what they
 * send. The secret is one that all processes share.
 */
export function createAttachmentLinks(options: { secret: string; publicUrl: string; now: () => number }) {
  const key = Buffer.from(hkdfSync("sha256", options.secret, "", "causeway attachment link", 32));
  const signature = (id: string, expires: string) =>
    createHmac("sha256", key).update(`${id}.${expires}`).digest("base64url");

  return {
    linkTo(id: string): string {
      const expires = String(Math.ceil((options.now() + VALID_MS) / 1000));
      return `${options.publicUrl}/attachments/${id}?expires=${expires}&signature=${signature(id, expires)}`;
    },

    /** Whether a link is one of ours that has not expired. */
    opens(id: string, expires: string, given: string): boolean {
      const wanted = Buffer.from(signature(id, expires));
      const shown = Buffer.from(given);
      const isOurs = wanted.length === shown.length && timingSafeEqual(wanted, shown);
      return isOurs && Number(expires) * 1000 > options.now();
    },
  };
}
