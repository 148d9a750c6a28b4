import { createHash } from "node:crypto";
import { CODE_CHARACTERS, randomCode } from "./access-code.ts";

/** With 80 random bits nobody guesses it, so a fast hash without salt is enough. */
const LENGTH = 16;
/** The text that an invite's link writes: on Telegram with the command that opens a chat. */
const WRITTEN = new RegExp(`^(?:/start\\s+)?([${CODE_CHARACTERS}]{${LENGTH}})$`);

/** Generates the code of an invite. */
export function newInviteCode(): string {
  return randomCode(LENGTH);
}

/** The code in a message that is an invite; null: it is no invite. */
export function readInvite(text: string): string | null {
  return WRITTEN.exec(text.trim())?.[1] ?? null;
}

/** The hash that is stored for a code. */
export function hashInvite(code: string): string {
  return createHash("sha256").update(code).digest("hex");
}
