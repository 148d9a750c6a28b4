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
 * Decides whether a request comes from Telegram: the secret token it was given with `setWebhook` comes back in the
 * header `X-Telegram-Bot-Api-Secret-Token` (Bot API, setWebhook). Without a configured secret nothing is let in.
 */
export function createVerifier(secretToken: string | undefined): (request: RawRequest) => Rejection | null {
  const expected = secretToken === undefined ? null : digest(secretToken);
  return (request) => {
    if (expected === null || request.method !== "POST")
      return reject(404, "no_webhook", "this channel takes no such webhook request");
    const given = request.headers["x-telegram-bot-api-secret-token"];
    // Digests have one length, so the comparison takes one time whatever was sent.
    if (given === undefined || !timingSafeEqual(digest(given), expected))
      return reject(401, "wrong_secret_token", "the secret token is missing or wrong");
    const type = request.headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
    if (type !== "application/json")
      return reject(415, "wrong_content_type", "updates have to be sent as application/json");
    return null;
  };
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

/** A body that is JSON but not a Telegram update. */
export const notAnUpdate = reject(400, "not_an_update", "the body is not a Telegram update: no update_id");
