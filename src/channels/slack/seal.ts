import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Seals values with AES-256-GCM under a key made from a secret; a value opens only under the name it was sealed for. */
export function createSeal(secret: string) {
  const key = Buffer.from(hkdfSync("sha256", secret, "", "causeway slack installations", 32));
  return {
    seal(name: string, text: string): Buffer {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(name));
      const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
    },
    /** Null where the value was sealed with another secret, for another name, or was changed. */
    open(name: string, value: Buffer): string | null {
      try {
        const nonce = value.subarray(0, NONCE_BYTES);
        const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES })
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
