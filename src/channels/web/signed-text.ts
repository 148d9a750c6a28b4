import { createHmac, timingSafeEqual } from "node:crypto";

/** HMAC-SHA256 of a text, base64url. */
export function sign(text: string, secret: string): string {
  return createHmac("sha256", secret).update(text).digest("base64url");
}

/** Returns true if any of the secrets made the signature. It takes the same time for every secret and every input. */
export function isSigned(text: string, signature: string, secrets: readonly string[]): boolean {
  // Compares text, because base64url can write the same bytes in several ways and only one is ours.
  const given = Buffer.from(signature);
  let matches = false;
  for (const secret of secrets) {
    const expected = Buffer.from(sign(text, secret));
    if (expected.length === given.length && timingSafeEqual(expected, given)) matches = true;
  }
  return matches;
}

/** The JSON object in a base64url part of a token; null if there is none. */
export function decodePart(part: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}

export function encodePart(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
