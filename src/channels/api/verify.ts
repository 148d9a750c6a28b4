import type { Received } from "../channel.ts";

/**
 * Whether a request may speak for this channel. By webhook nobody may: callers prove who they are with an API key,
 * at `/api/v1`, before anything of theirs comes near a session.
 */
export function verify(): Extract<Received, { kind: "rejected" }> {
  const message = "An API channel takes no webhooks; send messages to /api/v1/chat/sessions/{id}/messages.";
  return { kind: "rejected", status: 404, code: "no_webhook", message };
}
