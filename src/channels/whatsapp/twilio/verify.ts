import { createHmac } from "node:crypto";
import type { RawRequest } from "../../channel.ts";
import { contentTypeOf, noSuchWebhook, type Rejection, reject } from "../../webhook-request.ts";
import { isOneOf } from "../verify.ts";
import { type FormParams, parseForm } from "./params.ts";

export interface VerifierOptions {
  /** Any of them may have signed: the second one while tokens are being exchanged. */
  authTokens: readonly string[];
  /** Where Twilio reaches us, without a trailing slash. What a proxy says of itself in headers is not looked at. */
  publicUrl: string;
}

/**
 * Decides whether a request comes from Twilio: `X-Twilio-Signature` is the base64 HMAC-SHA1, keyed with the auth token,
 * of the URL that was called and every form field, by name (Twilio, "Webhooks security"). Gives the fields.
 */
export function createVerifier({ authTokens, publicUrl }: VerifierOptions) {
  return (request: RawRequest): Rejection | { params: FormParams } => {
    if (request.method !== "POST") return noSuchWebhook;
    const params = parseForm(request.body);
    const urls = withAndWithoutPort(publicUrl + request.url);
    const expected = authTokens.flatMap((token) => urls.map((url) => signatureOf(token, url, params)));
    if (!isOneOf(expected, request.headers["x-twilio-signature"] ?? ""))
      return reject(401, "wrong_signature", WRONG);
    return contentTypeOf(request.headers) === FORM ? { params } : reject(415, "wrong_content_type", NO_FORM);
  };
}

const FORM = "application/x-www-form-urlencoded";
const NO_FORM = `messages have to be sent as ${FORM}`;
const WRONG =
  "the signature is missing or wrong; it is checked against CAUSEWAY_PUBLIC_URL and the path, which have to be " +
  "what stands in the Twilio console";

/** A body that is a form but nothing Twilio sends. */
export const notAMessage = reject(400, "not_a_message", "the body is not a Twilio message: no MessageSid");

/** What Twilio signs a form that it posts to a URL with. */
export function signatureOf(authToken: string, url: string, params: FormParams): string {
  const hmac = createHmac("sha1", authToken).update(url);
  for (const name of [...params.keys()].sort())
    for (const value of [...new Set(params.get(name))].sort()) hmac.update(name + value);
  return hmac.digest("base64");
}

/** Twilio signs the URL sometimes with the port and sometimes without, whichever it was given. */
function withAndWithoutPort(url: string): string[] {
  const [, scheme = "", host = "", port, rest = ""] =
    /^(https?:\/\/)((?:[^/?#@]*@)?(?:\[[^\]]*\]|[^/?#:]*))(:\d+)?(.*)$/s.exec(url) ?? [];
  const standard = scheme === "https://" ? ":443" : ":80";
  return [scheme + host + rest, scheme + host + (port ?? standard) + rest];
}
