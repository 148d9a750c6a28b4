import { bareNumber } from "../kit/phone-number.ts";

/** The prefix of addresses in Twilio's RCS: of users (`rcs:+49…`), and of senders (`rcs:acme_agent`). */
export const RCS = "rcs:";

/** A phone number with its country (`+491701234567`), or a short code, which has no country. */
export function isNumber(address: string): boolean {
  return /^(\+[1-9]\d{6,14}|\d{3,8})$/.test(address);
}

/** The number of a usual form: `+49 170 1234567`, `0049 (170) 123-4567`. Any other text stays unchanged. */
export function toNumber(written: string): string {
  const number = /^(?:\+|00)([1-9]\d{6,14})$/.exec(bareNumber(written.replace(/^\s*rcs:/i, "")))?.[1];
  return number === undefined ? written : `+${number}`;
}
