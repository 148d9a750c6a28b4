import type { RequestHead } from "../channel-webhook.ts";
import { contentTypeOf, isSame, noSuchWebhook, type Rejection, reject } from "../webhook-request.ts";

/**
 * Decides if a request comes from Telegram. Telegram returns the secret token of `setWebhook` in the header
 * `X-Telegram-Bot-Api-Secret-Token` (Bot API, setWebhook). Without a configured secret, every request is refused.
 */
export function createVerifier(secretToken: string | undefined): (request: RequestHead) => Rejection | null {
  return (request) => {
    if (secretToken === undefined || request.method !== "POST") return noSuchWebhook;
    const given = request.headers["x-telegram-bot-api-secret-token"];
    if (given === undefined || !isSame(secretToken, given))
      return reject(401, "wrong_secret_token", "the secret token is missing or wrong");
    if (contentTypeOf(request.headers) !== "application/json")
      return reject(415, "wrong_content_type", "updates have to be sent as application/json");
    return null;
  };
}

/** A body that is JSON but not a Telegram update. */
export const notAnUpdate = reject(400, "not_an_update", "the body is not a Telegram update: no update_id");
