import { createHash, randomBytes } from "node:crypto";

/** How much of a secret may be shown, so that people tell their keys apart. */
const SHOWN = 9;

/** A new secret: 256 random bits behind a prefix that secret scanners and people recognise. */
export function newSecret(): string {
  return `cw_${randomBytes(32).toString("base64url")}`;
}

/** What is stored of a secret. Random secrets cannot be guessed, so a fast hash without salt is enough. */
export function hashSecret(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

/** The first characters of a secret; nothing of one so short that they would give it away. */
export function shownPrefix(secret: string): string {
  return secret.length >= SHOWN * 3 ? secret.slice(0, SHOWN) : "";
}
