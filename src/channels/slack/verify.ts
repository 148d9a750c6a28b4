import { createHmac } from "node:crypto";
import { type Clock, systemClock } from "../../core/clock.ts";
import type { RawRequest } from "../channel.ts";
import { contentTypeOf, isSame, noSuchWebhook, type Rejection, reject } from "../webhook-request.ts";

/** How far a request's time may be from ours, in either direction, seconds (Slack, "Verifying requests"). */
const WINDOW_SECONDS = 5 * 60;

/** What a verified body is. */
export type BodyFormat = "json" | "form";

/**
 * Decides whether a request comes from Slack: `v0=` and the HMAC-SHA256 of `v0:{timestamp}:{raw body}`. Slack's own
 * library checks only that a timestamp is not old; a future one would be good for a replay until its time has come, so
 * it is refused too. Without a signing secret nothing is let in.
 */
export function createVerifier(signingSecret: string | undefined, clock: Clock = systemClock) {
  return (request: RawRequest): Rejection | { format: BodyFormat } => {
    if (signingSecret === undefined || request.method !== "POST") return noSuchWebhook;
    const timestamp = request.headers["x-slack-request-timestamp"] ?? "";
    const given = request.headers["x-slack-signature"] ?? "";
    if (!/^\d{1,12}$/.test(timestamp)) return reject(401, "unsigned", "the request's timestamp is missing");
    const nowSeconds = clock.now().getTime() / 1000;
    if (Math.abs(nowSeconds - Number(timestamp)) > WINDOW_SECONDS)
      return reject(401, "stale_signature", "the request's timestamp is more than five minutes off");
    const hmac = createHmac("sha256", signingSecret).update(`v0:${timestamp}:`).update(request.body);
    if (!isSame(`v0=${hmac.digest("hex")}`, given))
      return reject(401, "wrong_signature", "the signature is missing or wrong");
    const type = contentTypeOf(request.headers);
    if (type === "application/json") return { format: "json" };
    // Commands, button presses and Slack's check of our certificate.
    if (type === "application/x-www-form-urlencoded") return { format: "form" };
    return reject(415, "wrong_content_type", "events have to be sent as application/json");
  };
}

/** A body that is JSON but nothing Slack sends. */
export const notAnEvent = reject(400, "not_an_event", "the body is not a Slack event: no type");
