import type { AttachmentSource } from "../../channel.ts";
import type { TwilioConfig } from "./config.ts";

/**
 * Where media are: the webhook names their addresses, at Twilio, which asks for the account's credentials and redirects to
 * where they are stored.
 */
export function findMedia(config: TwilioConfig, address: string): AttachmentSource {
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
