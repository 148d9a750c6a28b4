import type { Received } from "../channel-webhook.ts";

/**
 * Visitors send messages to `/web/{channel}` with their tokens. A webhook request is refused before its body is read.
 */
export function refuseWebhook(): Extract<Received, { kind: "rejected" }> {
  const message = "A web channel takes no webhooks; visitors use /web/{channel}.";
  return { kind: "rejected", status: 404, code: "no_webhook", message };
}

export async function readWebhook(): Promise<Received> {
  return refuseWebhook();
}
