import { createHash, randomFillSync } from "node:crypto";

/** A KSUID is 4 bytes of seconds since its own epoch, then 16 random ones (github.com/segmentio/ksuid). */
const EPOCH_SECONDS = 1_400_000_000;
const PAYLOAD_BYTES = 16;
/** Asking the system for randomness costs the same for one id as for many. */
const pool = Buffer.alloc(PAYLOAD_BYTES * 256);
let used = pool.length;

/** A new KSUID: 27 base62 characters, sortable by second. Order within a second comes from `seq`, never from the id. */
export function newId(now: Date = new Date()): string {
  const seconds = Math.floor(now.getTime() / 1000) - EPOCH_SECONDS;
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  halves[0] = seconds >>> 16;
  halves[1] = seconds & 0xffff;
  for (let half = 2; half < HALVES; half += 1, used += 2) halves[half] = pool.readUInt16BE(used);
  return inBase62(halves);
}

/** Twenty bytes as 16-bit halves. */
const HALVES = 10;
const halves = new Uint16Array(HALVES);
const DIGITS = Buffer.from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "latin1");
/** What two digits can say. A division brings two: with more, its numbers were no longer small integers, and slow. */
const PAIR = 62 * 62;
const id = Buffer.alloc(27);

/**
 * Twenty bytes in base 62, always 27 characters, so that ids sort as their bytes do. By hand, as every message takes
 * half a dozen ids: done with lists of digits, they were half of all the memory a message went through.
 */
function inBase62(halves: Uint16Array): string {
  let first = 0;
  for (let place = id.length - 1; place >= 0; place -= 2) {
    let rest = 0;
    for (let at = first; at < HALVES; at += 1) {
      const value = rest * 0x10000 + (halves[at] ?? 0);
      halves[at] = Math.floor(value / PAIR);
      rest = value % PAIR;
    }
    // Once zero, always zero.
    if (halves[first] === 0) first += 1;
    id[place] = DIGITS[rest % 62] ?? 0;
    if (place > 0) id[place - 1] = DIGITS[Math.floor(rest / 62)] ?? 0;
  }
  return id.toString("latin1");
}

const KSUID_PATTERN = /^[0-9A-Za-z]{27}$/;

/** Whether a string has the shape of an id; says nothing about the thing existing. */
export function isId(value: string): boolean {
  return KSUID_PATTERN.test(value);
}

/** An id in the shape of any other that is always the same for the same key: whatever is made twice is made once. */
export function stableId(key: string): string {
  const hash = createHash("sha256").update(key).digest();
  return inBase62(Uint16Array.from(halves, (_, half) => hash.readUInt16BE(2 * half)));
}
