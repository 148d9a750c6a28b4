import { createHmac } from "node:crypto";
import type { RawRequest, Received, RequestHead } from "../../channel-webhook.ts";
import { type JsonBody, readJson } from "../../kit/json-body.ts";
import { contentTypeOf, noSuchWebhook, type Rejection, reject } from "../../webhook-request.ts";
import { isOneOf } from "../verify.ts";

export interface VerifierOptions {
  /** Any of them may have signed. The second one is in use during a change of secrets. */
  appSecrets: readonly string[];
  verifyToken: string;
}

/** Judges by the head if a request can be an event of Meta. Returns the rejection, or null. */
export function checkHead({ method, headers }: RequestHead): Rejection | null {
  if (method !== "POST") return noSuchWebhook;
  return SIGNATURE.test(headers["x-hub-signature-256"] ?? "") ? null : wrongSignature;
}

const SIGNATURE = /^sha256=[0-9a-f]{64}$/;
const wrongSignature = reject(401, "wrong_signature", "the signature is missing or wrong; check `appSecret`");

/**
 * Judges if a request comes from Meta. `X-Hub-Signature-256` is `sha256=` and the hex HMAC-SHA256 of the raw
 * body (Meta, "Validating payloads"). The key is the app secret. Returns the body.
 */
export function createVerifier({ appSecrets }: VerifierOptions) {
  return (request: RawRequest): Rejection | { body: JsonBody } => {
    const rejection = checkHead(request);
    if (rejection !== null) return rejection;
    const expected = appSecrets.map(
      (secret) => `sha256=${createHmac("sha256", secret).update(request.body).digest("hex")}`,
    );
    if (!isOneOf(expected, request.headers["x-hub-signature-256"] ?? "")) return wrongSignature;
    if (contentTypeOf(request.headers) !== "application/json")
      return reject(415, "wrong_content_type", "events have to be sent as application/json");
    const body = readJson(request.body.toString("utf8"));
    return body !== null && Array.isArray(body["entry"]) ? { body } : notAnEvent;
  };
}

const notAnEvent = reject(400, "not_an_event", "the body is not an event of Meta's: no list `entry`");

/**
 * Answers Meta's check that this URL is ours. Meta asks when an operator enters a webhook (Meta, "Verification
 * requests").
 */
export function answerChallenge(request: RawRequest, { verifyToken }: VerifierOptions): Received {
  const query = new URL(request.url, "http://localhost").searchParams;
  const challenge = query.get("hub.challenge") ?? "";
  if (query.get("hub.mode") !== "subscribe" || !/^[\w-]{1,200}$/.test(challenge)) return noSuchWebhook;
  if (!isOneOf([verifyToken], query.get("hub.verify_token") ?? ""))
    return reject(401, "wrong_verify_token", "the verify token is not the one of this channel");
  const response = { status: 200, contentType: "text/plain; charset=utf-8", body: challenge };
  return { kind: "accepted", events: [], response };
}
