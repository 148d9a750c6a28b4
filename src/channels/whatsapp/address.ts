import { bareNumber } from "../kit/phone-number.ts";

/**
 * `whatsapp:` and the id of a user, which is opaque. Usually it is a phone number (`whatsapp:+491701234567`). Otherwise
 * it is an id that WhatsApp created for this business (`whatsapp:US.13491208655302741918`). It is the same at every
 * provider.
 */
export function isAddress(address: string): boolean {
  return /^whatsapp:\S{1,200}$/.test(address);
}

/**
 * The address of a number in a usual form: `+49 (170) 123-4567`, `491701234567`. Any other text stays unchanged, also a
 * number without its country (`0170 1234567`).
 */
export function toAddress(written: string): string {
  const digits = bareNumber(written.trim().replace(/^whatsapp:/i, ""));
  const number = /^(?:\+|00)?([1-9]\d{5,14})$/.exec(digits)?.[1];
  return number === undefined ? written : `whatsapp:+${number}`;
}

/**
 * Countries whose mobile numbers have two forms, one with an extra digit. WhatsApp knows a number by one of them, which
 * depends on the user's join date. Brazil added a ninth digit to numbers that began with 6 to 9.
 */
const TWO_FORMS: readonly { long: RegExp; short: RegExp; digits: string }[] = [
  { long: /^(whatsapp:\+55\d\d)9([6-9]\d{7})$/, short: /^(whatsapp:\+55\d\d)([6-9]\d{7})$/, digits: "9" },
  { long: /^(whatsapp:\+52)1(\d{10})$/, short: /^(whatsapp:\+52)(\d{10})$/, digits: "1" },
  { long: /^(whatsapp:\+54)9(\d{10})$/, short: /^(whatsapp:\+54)(\d{10})$/, digits: "9" },
];

/** The other form of the same number. Most numbers have none, and neither have other ids. */
export function otherFormsOf(address: string): string[] {
  return TWO_FORMS.flatMap(({ long, short, digits }) => {
    if (long.test(address)) return [address.replace(long, "$1$2")];
    return short.test(address) ? [address.replace(short, (_, head, rest) => head + digits + rest)] : [];
  });
}

/** Returns true if two addresses mean the same number, in whatever form. */
export function isSameAddress(one: string, other: string): boolean {
  return one === other || otherFormsOf(one).includes(other);
}
