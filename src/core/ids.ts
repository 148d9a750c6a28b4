import { createHash, randomFillSync } from "node:crypto";

/** A KSUID is 4 bytes of seconds since its own epoch, then 16 random bytes (github.com/segmentio/ksuid). */
const EPOCH_SECONDS = 1_400_000_000;
const PAYLOAD_BYTES = 16;
/** Random bytes for 256 ids: one call to the system costs the same for one id as for many. */
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
/**
 * The number of values of two base62 digits. One division produces two digits. With three, the numbers exceed the range
 * of small integers and become slow.
 */
const PAIR = 62 * 62;
const id = Buffer.alloc(27);

/**
 * Encodes twenty bytes in base 62. The result always has 27 characters, so ids sort as their bytes do.
 * The code is written by hand because every message needs about six ids. With lists of digits, ids used half of all
 * memory that a message needs.
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
    // A leading half that is zero stays zero.
    if (halves[first] === 0) first += 1;
    id[place] = DIGITS[rest % 62] ?? 0;
    if (place > 0) id[place - 1] = DIGITS[Math.floor(rest / 62)] ?? 0;
  }
  return id.toString("latin1");
}

const KSUID_PATTERN = /^[0-9A-Za-z]{27}$/;

/** Returns true if a string has the format of an id. Does not check that the object exists. */
export function isId(value: string): boolean {
  return KSUID_PATTERN.test(value);
}

/** An id in the normal format that is always the same for the same key. So creating an object twice makes only one. */
export function stableId(key: string): string {
  const hash = createHash("sha256").update(key).digest();
  return inBase62(Uint16Array.from(halves, (_, half) => hash.readUInt16BE(2 * half)));
}
