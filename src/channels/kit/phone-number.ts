/**
 * The digits of a phone number, and its plus sign or `00` if it has one: `+49 (0)170 123-4567` becomes `+491701234567`.
 * People copy numbers with marks of direction, dashes of all kinds, and digits of their own alphabet.
 */
export function bareNumber(written: string): string {
  const plain = written
    .normalize("NFKC")
    .replace(/[\u0660-\u0669\u06f0-\u06f9]/g, (digit) => String(digit.charCodeAt(0) & 0xf))
    .replace(/[\s\p{Cf}]/gu, "")
    .replace(/^tel:/i, "");
  // Abroad the zero in brackets is not dialled.
  const dialled = /^(?:\+|00)/.test(plain) ? plain.replace("(0)", "") : plain;
  return dialled.replace(/[\p{Pd}()./·]/gu, "");
}
