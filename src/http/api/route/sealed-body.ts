import { createSeal } from "../../../core/text/seal.ts";

/**
 * Answers kept for repetition contain people's messages, and sometimes a new API key. They are encrypted with a key
 * made from the caller's Idempotency-Key, of which only a hash is stored. So nobody can read them without repeating the
 * call.
 */
export function seal(text: string, idempotencyKey: string, resourceId: string): Buffer {
  return sealOf(idempotencyKey, resourceId).seal(text);
}

export function unseal(sealed: Buffer, idempotencyKey: string, resourceId: string): string {
  const text = sealOf(idempotencyKey, resourceId).open(sealed);
  if (text === null) throw new Error("a stored answer cannot be decrypted with its Idempotency-Key");
  return text;
}

const sealOf = (idempotencyKey: string, resourceId: string) =>
  createSeal(idempotencyKey, { purpose: "causeway idempotent answer", salt: resourceId });
