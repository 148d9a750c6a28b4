import type { Received } from "../channel-webhook.ts";

/**
 * Rejects every webhook request. Callers authenticate with an API key at `/api/v1`, before their data reaches a
 * session.
 */
export function verify(): Extract<Received, { kind: "rejected" }> {
  const message = "An API channel takes no webhooks; send messages to /api/v1/chat/sessions/{id}/messages.";
  return { kind: "rejected", status: 404, code: "no_webhook", message };
}
