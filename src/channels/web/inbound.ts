import type { Received } from "../channel.ts";

/** Visitors' messages come in over `/web/{channel}`, with their tokens; a webhook request is refused unread. */
export async function readWebhook(): Promise<Received> {
  const message = "A web channel takes no webhooks; visitors use /web/{channel}.";
  return { kind: "rejected", status: 404, code: "no_webhook", message };
}
