import { randomFillSync } from "node:crypto";
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
