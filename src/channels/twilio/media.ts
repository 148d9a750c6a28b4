import type { AttachmentSource } from "../channel.ts";
import type { TwilioAccount } from "./account.ts";

/**
 * Finds the URL of a media file. The webhook names a URL at Twilio, which requires the account's credentials. It
 * redirects to the storage.
 */
export function findMedia(config: TwilioAccount, address: string): AttachmentSource {
  if (!URL.canParse(address)) return { kind: "failed", reason: "the media has no address", retry: false };
  const { origin, hostname } = new URL(address);
  const apiOrigin = new URL(config.apiBaseUrl).origin;
  const isTwilios = origin === apiOrigin || hostname === "twilio.com" || hostname.endsWith(".twilio.com");
  const credentials = Buffer.from(`${config.accountSid}:${config.authToken}`).toString("base64");
  return {
    kind: "found",
    url: address,
    ...(isTwilios ? { headers: { authorization: `Basic ${credentials}` } } : {}),
    trustedOrigins: [apiOrigin],
  };
}
