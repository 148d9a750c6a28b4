import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { RawRequest, Received } from "../channel.ts";
import { type FormParams, parseForm } from "./params.ts";

export type Rejection = Extract<Received, { kind: "rejected" }>;

const reject = (status: Rejection["status"], code: string, message: string): Rejection => ({
  kind: "rejected",
  status,
  code,
  message,
});

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
    if (request.method !== "POST")
      return reject(404, "no_webhook", "this channel takes no such webhook request");
    const params = parseForm(request.body);
    const given = digest(request.headers["x-twilio-signature"] ?? "");
    const urls = withAndWithoutPort(publicUrl + request.url);
    const expected = authTokens.flatMap((token) => urls.map((url) => signatureOf(token, url, params)));
    // Every candidate is looked at, so the comparison takes one time whatever was sent.
    if (expected.filter((signature) => timingSafeEqual(digest(signature), given)).length === 0)
      return reject(401, "wrong_signature", WRONG);
    const type = request.headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
    if (type !== "application/x-www-form-urlencoded")
      return reject(
        415,
        "wrong_content_type",
        "messages have to be sent as application/x-www-form-urlencoded",
      );
    return { params };
  };
}

const WRONG =
  "the signature is missing or wrong; it is checked against CAUSEWAY_PUBLIC_URL and the path, which have to be " +
  "what stands in the Twilio console";

/** A body that is a form but nothing Twilio sends. */
export const notAMessage = reject(400, "not_a_message", "the body is not a Twilio message: no MessageSid");

function signatureOf(authToken: string, url: string, params: FormParams): string {
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

function digest(value: string): Buffer {
  return createHash("sha256").update(value).digest();
}
