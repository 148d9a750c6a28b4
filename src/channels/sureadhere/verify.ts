import { createHash, timingSafeEqual } from "node:crypto";
import type { RawRequest, Received } from "../channel.ts";

export type Rejection = Extract<Received, { kind: "rejected" }>;

const reject = (status: Rejection["status"], code: string, message: string): Rejection => ({
  kind: "rejected",
  status,
  code,
  message,
});

/**
 * Decides whether a request comes from SureAdhere. It signs nothing, so the channel's own secret has to come along: in
 * the header `X-Webhook-Secret` or, where only an address can be set, as `secret` in the query. The header counts
 * where both are there.
 */
export function createVerifier(webhookSecret: string): (request: RawRequest) => Rejection | null {
  const expected = digest(webhookSecret);
  return (request) => {
    if (request.method !== "POST")
      return reject(404, "no_webhook", "this channel takes no such webhook request");
    const given = request.headers["x-webhook-secret"] ?? secretInQuery(request.url);
    // Digests have one length, so the comparison takes one time whatever was sent.
    if (given === null || !timingSafeEqual(digest(given), expected))
      return reject(401, "wrong_webhook_secret", "the webhook secret is missing or wrong");
    const type = request.headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
    if (type !== "application/json")
      return reject(415, "wrong_content_type", "messages have to be sent as application/json");
    return null;
  };
}

function secretInQuery(url: string): string | null {
  const query = url.indexOf("?");
  return query === -1 ? null : new URLSearchParams(url.slice(query + 1)).get("secret");
}

function digest(value: string): Buffer {
  return createHash("sha256").update(value).digest();
}

/** The JSON of a verified body, or why it is not one. */
export function parseBody(body: Buffer): { json: unknown } | Rejection {
  try {
    return { json: JSON.parse(body.toString("utf8")) };
  } catch {
    return reject(400, "malformed_json", "the body is not JSON");
  }
}

/** A body that is JSON but not a message. */
export const notAMessage = reject(
  400,
  "not_a_message",
  'the body is not a message: {"message_text": text, "patient_id": a whole number or text of at most 200 characters}',
);
