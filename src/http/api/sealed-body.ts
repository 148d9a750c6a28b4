import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

/**
 * Answers kept for repetition hold what people wrote, and sometimes a new API key. They are encrypted with a key made
 * from the caller's Idempotency-Key, of which only a hash is stored: nobody reads them without calling again.
 */
const CIPHER = "aes-256-gcm";
const IV_BYTES = 12;
const TAG_BYTES = 16;

export function seal(text: string, idempotencyKey: string, resourceId: string): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, sealingKey(idempotencyKey, resourceId), iv);
  const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]);
}

export function unseal(sealed: Buffer, idempotencyKey: string, resourceId: string): string {
  const iv = sealed.subarray(0, IV_BYTES);
  const decipher = createDecipheriv(CIPHER, sealingKey(idempotencyKey, resourceId), iv);
  decipher.setAuthTag(sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  const text = decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES));
  return Buffer.concat([text, decipher.final()]).toString("utf8");
}

function sealingKey(idempotencyKey: string, resourceId: string): Buffer {
  return Buffer.from(hkdfSync("sha256", idempotencyKey, resourceId, "causeway idempotent answer", 32));
}
