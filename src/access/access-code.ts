import { randomBytes } from "node:crypto";

/** 32 characters that people do not confuse: no 0, O, 1 or I. Each is equally likely, because 32 divides 256. */
export const CODE_CHARACTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
const LENGTH = 8;

/** Generates a code that a person reads aloud. */
export function newCode(): string {
  return randomCode(LENGTH);
}

export function randomCode(length: number): string {
  return [...randomBytes(length)].map((byte) => CODE_CHARACTERS[byte % CODE_CHARACTERS.length]).join("");
}

/** Reads a code as people write it: in any case, with spaces or dashes. Null: it is no code. */
export function readCode(written: string): string | null {
  const code = written.replace(/[\s-]/g, "").toUpperCase();
  return code.length === LENGTH && [...code].every((character) => CODE_CHARACTERS.includes(character))
    ? code
    : null;
}
