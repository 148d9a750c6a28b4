import { createHmac } from "node:crypto";

export const SIGNATURE_HEADER = "x-causeway-signature";

/**
 * The signature header of a request: `t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">`. The time is signed too,
 * so that nobody can send an intercepted request again later.
 */
export function signatureOf(secret: string, body: string, at: Date): string {
  const seconds = Math.floor(at.getTime() / 1000);
  const digest = createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex");
  return `t=${seconds},v1=${digest}`;
}
