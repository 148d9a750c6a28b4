/** The characters of GSM 03.38. Each of the second set counts twice. */
const BASIC =
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const EXTENDED = "\f^{}\\[~]|€";

/** Characters of one segment, and of each segment of several. */
const GSM = { single: 160, each: 153 } as const;
const UCS2 = { single: 70, each: 67 } as const;

/**
 * The number of segments in which a phone network carries a text, and for which Twilio charges. One character
 * outside the GSM alphabet (an emoji, a typographic quote) changes the whole text to UCS-2. Then each segment
 * holds less.
 */
export function segmentsOf(text: string): { segments: number; encoding: "gsm7" | "ucs2" } {
  const septets = septetsOf(text);
  if (septets !== null) return { segments: count(septets, GSM), encoding: "gsm7" };
  return { segments: count(text.length, UCS2), encoding: "ucs2" };
}

/** The length in the GSM alphabet; null if a character is not in it. */
function septetsOf(text: string): number | null {
  let septets = 0;
  for (const character of text) {
    if (BASIC.includes(character)) septets += 1;
    else if (EXTENDED.includes(character)) septets += 2;
    else return null;
  }
  return septets;
}

function count(length: number, { single, each }: { single: number; each: number }): number {
  return length <= single ? 1 : Math.ceil(length / each);
}
