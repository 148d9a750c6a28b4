import { createHmac } from "node:crypto";
import type { RawRequest } from "../../../src/channels/channel-webhook.ts";
import { contentTypeOf, isSame, type Rejection, reject } from "../../../src/channels/webhook-request.ts";

/** Returns the reason why a request is not accepted; null if it comes from Pebble. */
export function verify({ body, headers }: RawRequest, secret: string): Rejection | null {
  // The signature covers the bytes as they arrived. Compare it in constant time.
  const expected = createHmac("sha256", secret).update(body).digest("hex");
  if (!isSame(expected, headers["x-pebble-signature"] ?? ""))
    return reject(401, "bad_signature", "the signature is missing or wrong");
  return contentTypeOf(headers) === "application/json"
    ? null
    : reject(415, "not_json", "the content type is not application/json");
}
