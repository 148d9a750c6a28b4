import KSUID from "ksuid";

/** A new KSUID: 27 base62 characters, sortable by second. Order within a second comes from `seq`, never from the id. */
export function newId(now: Date = new Date()): string {
  return KSUID.randomSync(now).string;
}

const KSUID_PATTERN = /^[0-9A-Za-z]{27}$/;

/** Whether a string has the shape of an id; says nothing about the thing existing. */
export function isId(value: string): boolean {
  return KSUID_PATTERN.test(value);
}
