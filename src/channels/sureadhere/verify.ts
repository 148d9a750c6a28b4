import type { RequestHead } from "../channel-webhook.ts";
import { contentTypeOf, isSame, noSuchWebhook, type Rejection, reject } from "../webhook-request.ts";

/**
 * Checks that a request comes from SureAdhere. SureAdhere signs nothing, so each request must contain the channel's
 * secret. It is in the header `X-Webhook-Secret` or, if only an address can be configured, in the query as `secret`. If
 * both exist, the header counts.
 */
export function createVerifier(webhookSecret: string): (request: RequestHead) => Rejection | null {
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

/** The answer to a body that is JSON but not a message. */
export const notAMessage = reject(
  400,
  "not_a_message",
  'the body is not a message: {"message_text": text, "patient_id": a whole number or text of at most 200 characters}',
);
