import { isValidSlackRequest } from "@slack/bolt";
import { type Clock, systemClock } from "../../core/time/clock.ts";
import type { RawRequest, RequestHead } from "../channel-webhook.ts";
import { contentTypeOf, noSuchWebhook, type Rejection, reject } from "../webhook-request.ts";

/** Maximum difference between a request's time and ours, in either direction, seconds (Slack, "Verifying requests"). */
const WINDOW_SECONDS = 5 * 60;

/** The format of a verified body. */
export type BodyFormat = "json" | "form";

/**
 * Judges by the head if a request can come from Slack. It must carry something in the format of a signature, made
 * within five minutes of now. Without a signing secret no request can.
 */
export function createHeadCheck(signingSecrets: readonly string[], clock: Clock = systemClock) {
  return ({ method, headers }: RequestHead): Rejection | null => {
    if (signingSecrets.length === 0 || method !== "POST") return noSuchWebhook;
    const timestamp = headers["x-slack-request-timestamp"] ?? "";
    if (!/^\d{1,12}$/.test(timestamp)) return reject(401, "unsigned", "the request's timestamp is missing");
    const nowSeconds = clock.now().getTime() / 1000;
    if (Math.abs(nowSeconds - Number(timestamp)) > WINDOW_SECONDS)
      return reject(401, "stale_signature", "the request's timestamp is more than five minutes off");
    return SIGNATURE.test(headers["x-slack-signature"] ?? "") ? null : wrongSignature;
  };
}

const SIGNATURE = /^v0=[0-9a-f]{64}$/;
const wrongSignature = reject(401, "wrong_signature", "the signature is missing or wrong");

/**
 * Judges if a request comes from Slack, by Bolt's own check of the signature. Bolt rejects only old timestamps. A future
 * one would allow a replay until its time comes, so it is rejected first. Without a signing secret every request is
 * rejected. With several secrets, any of them may have signed.
 */
export function createVerifier(signingSecrets: readonly string[], clock: Clock = systemClock) {
  const checkHead = createHeadCheck(signingSecrets, clock);
  return (request: RawRequest): Rejection | { format: BodyFormat } => {
    const rejection = checkHead(request);
    if (rejection !== null) return rejection;
    const signed = {
      body: request.body.toString("utf8"),
      headers: {
        "x-slack-signature": request.headers["x-slack-signature"] ?? "",
        "x-slack-request-timestamp": Number(request.headers["x-slack-request-timestamp"]),
      },
      nowMilliseconds: clock.now().getTime(),
    };
    const isSigned = signingSecrets.some((signingSecret) =>
      isValidSlackRequest({ signingSecret, ...signed }),
    );
    if (!isSigned) return wrongSignature;
    const type = contentTypeOf(request.headers);
    if (type === "application/json") return { format: "json" };
    // Commands, button presses and Slack's check of our certificate.
    if (type === "application/x-www-form-urlencoded") return { format: "form" };
    return reject(415, "wrong_content_type", "events have to be sent as application/json");
  };
}
