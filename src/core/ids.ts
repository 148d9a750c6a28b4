import { createHash, randomFillSync } from "node:crypto";
import KSUID from "ksuid";

/** Random bytes of one id. */
const PAYLOAD_BYTES = 16;
/** Asking the system for randomness costs the same for one id as for many. */
const pool = Buffer.alloc(PAYLOAD_BYTES * 256);
let used = pool.length;

/** A new KSUID: 27 base62 characters, sortable by second. Order within a second comes from `seq`, never from the id. */
export function newId(now: Date = new Date()): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const payload = pool.subarray(used, used + PAYLOAD_BYTES);
  used += PAYLOAD_BYTES;
  return KSUID.fromParts(now.getTime(), payload).string;
}

const KSUID_PATTERN = /^[0-9A-Za-z]{27}$/;

/** Whether a string has the shape of an id; says nothing about the thing existing. */
export function isId(value: string): boolean {
  return KSUID_PATTERN.test(value);
}

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** An id in the shape of any other that is always the same for the same key: whatever is made twice is made once. */
export function stableId(key: string): string {
  let rest = BigInt(`0x${createHash("sha256").update(key).digest("hex").slice(0, 40)}`);
  let id = "";
  for (let place = 0; place < 27; place += 1) {
    id = `${DIGITS[Number(rest % 62n)]}${id}`;
    rest /= 62n;
  }
  return id;
}
