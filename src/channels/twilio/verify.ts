import twilio from "twilio";
import type { RawRequest, RequestHead } from "../channel-webhook.ts";
import { contentTypeOf, noSuchWebhook, type Rejection, reject } from "../webhook-request.ts";
import { type FormParams, parseForm } from "./params.ts";

export interface VerifierOptions {
  /** Valid auth tokens. There are two while one is being replaced, and either may sign. */
  authTokens: readonly string[];
  /** The URL at which Twilio reaches us, without a trailing slash. Forwarding headers of a proxy are not used. */
  publicUrl: string;
}

/** The reason why a request cannot come from Twilio, from its head alone; null: it can. */
export function checkHead({ method, headers }: RequestHead): Rejection | null {
  if (method !== "POST") return noSuchWebhook;
  return SIGNATURE.test(headers["x-twilio-signature"] ?? "") ? null : reject(401, "wrong_signature", WRONG);
}

/**
 * Decides if a request comes from Twilio and returns its fields. `X-Twilio-Signature` is a base64 HMAC-SHA1, keyed with
 * the auth token. It covers the called URL and every form field, sorted by name (Twilio, "Webhooks security").
 */
export function createVerifier({ authTokens, publicUrl }: VerifierOptions) {
  return (request: RawRequest): Rejection | { params: FormParams } => {
    const rejection = checkHead(request);
    if (rejection !== null) return rejection;
    const params = parseForm(request.body);
    if (params === null) return reject(401, "wrong_signature", TOO_LARGE);
    const signature = request.headers["x-twilio-signature"] ?? "";
    const fields = Object.fromEntries(params);
    const isSigned = authTokens.some((token) =>
      twilio.validateRequest(token, signature, publicUrl + request.url, fields),
    );
    if (!isSigned) return reject(401, "wrong_signature", WRONG);
    return contentTypeOf(request.headers) === FORM ? { params } : reject(415, "wrong_content_type", NO_FORM);
  };
}

/** Twilio's signature of a form that it posts to a URL. */
export const signatureOf = twilio.getExpectedTwilioSignature;

/** The format of a SHA-1 in base64. */
const SIGNATURE = /^[A-Za-z0-9+/]{27}=$/;
const FORM = "application/x-www-form-urlencoded";
const NO_FORM = `messages have to be sent as ${FORM}`;
const WRONG =
  "the signature is missing or wrong; it is checked against CAUSEWAY_PUBLIC_URL and the path, which have to be " +
  "what stands in the Twilio console";
const TOO_LARGE = "the body has more fields, or more bytes, than Twilio ever sends";

/** A body that is a form but not a message from Twilio. */
export const notAMessage = reject(
  400,
  "not_a_message",
  "the body is not a Twilio message: no MessageSid as Twilio makes them",
);
