import { createHash, randomBytes } from "node:crypto";

/** Number of characters of a secret that may be shown, so that people can distinguish their keys. */
const SHOWN = 9;

/** Generates a secret: 256 random bits after a prefix that secret scanners and people recognise. */
export function newSecret(): string {
  return `cw_${randomBytes(32).toString("base64url")}`;
}

/** The hash that is stored for a secret. Random secrets cannot be guessed, so a fast hash without salt is enough. */
export function hashSecret(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

/** The first characters of a secret. Empty for a short secret, because they would reveal too much of it. */
export function shownPrefix(secret: string): string {
  return secret.length >= SHOWN * 3 ? secret.slice(0, SHOWN) : "";
}
