import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

const CIPHER = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts texts with AES-256-GCM under a key derived from a secret. `purpose` separates the keys of one secret. A text
 * opens only under the name that it was sealed for.
 */
export function createSeal(secret: string, { purpose, salt = "" }: { purpose: string; salt?: string }) {
  const key = Buffer.from(hkdfSync("sha256", secret, salt, purpose, 32));
  return {
    seal(text: string, name = ""): Buffer {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(name));
      const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
    },
    /** Null if the value was changed, or was sealed with another secret or for another name. */
    open(value: Buffer, name = ""): string | null {
      try {
        const nonce = value.subarray(0, NONCE_BYTES);
        const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES })
          .setAAD(Buffer.from(name))
          .setAuthTag(value.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
        const sealed = value.subarray(NONCE_BYTES + TAG_BYTES);
        return Buffer.concat([decipher.update(sealed), decipher.final()]).toString("utf8");
      } catch {
        return null;
      }
    },
  };
}
