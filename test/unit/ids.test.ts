import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { isId, newId, stableId } from "../../src/core/ids.ts";

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** The twenty bytes of an id, as hexadecimal digits. */
function bytesOf(id: string): string {
  const number = [...id].reduce((sum, digit) => sum * 62n + BigInt(DIGITS.indexOf(digit)), 0n);
  return number.toString(16).padStart(40, "0");
}

test("a stable id is the first twenty bytes of its key's hash, in base 62", () => {
  for (let key = 0; key < 1_000; key += 1) {
    const hash = createHash("sha256").update(`key ${key}`).digest("hex");
    expect(bytesOf(stableId(`key ${key}`))).toBe(hash.slice(0, 40));
  }
});

test("a new id starts with its second, also at the limits, and no two are equal", () => {
  const epoch = 1_400_000_000;
  for (const seconds of [0, 1, 0xffff, 0x10000, 400_000_000, 0xffffffff]) {
    const ids = Array.from({ length: 600 }, () => newId(new Date((epoch + seconds) * 1000)));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every(isId)).toBe(true);
    for (const id of ids) expect(Number.parseInt(bytesOf(id).slice(0, 8), 16)).toBe(seconds);
  }
});
