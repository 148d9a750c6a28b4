/** Decodes an encoded part of an address. A lone percent sign stays, as clients send it. */
export function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
