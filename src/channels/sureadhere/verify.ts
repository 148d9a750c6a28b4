import type { RawRequest } from "../channel.ts";
import { contentTypeOf, isSame, noSuchWebhook, type Rejection, reject } from "../webhook-request.ts";

/**
 * Decides whether a request comes from SureAdhere. It signs nothing, so the channel's own secret has to come along: in
 * the header `X-Webhook-Secret` or, where only an address can be set, as `secret` in the query. The header counts
 * where both are there.
 */
export function createVerifier(webhookSecret: string): (request: RawRequest) => Rejection | null {
  return (request) => {
    if (request.method !== "POST") return noSuchWebhook;
    const given = request.headers["x-webhook-secret"] ?? secretInQuery(request.url);
    if (given === null || !isSame(webhookSecret, given))
      return reject(401, "wrong_webhook_secret", "the webhook secret is missing or wrong");
    if (contentTypeOf(request.headers) !== "application/json")
      return reject(415, "wrong_content_type", "messages have to be sent as application/json");
    return null;
  };
}

function secretInQuery(url: string): string | null {
  const query = url.indexOf("?");
  return query === -1 ? null : new URLSearchParams(url.slice(query + 1)).get("secret");
}

/** A body that is JSON but not a message. */
export const notAMessage = reject(
  400,
  "not_a_message",
  'the body is not a message: {"message_text": text, "patient_id": a whole number or text of at most 200 characters}',
);
