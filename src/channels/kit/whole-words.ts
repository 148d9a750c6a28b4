import type { InboundMessage } from "../../core/message/inbound-message.ts";

/** Tells if a message is nothing but one of some words, in any case. A press, or a message with a file, is not. */
export function createWordCheck(words: readonly string[]) {
  const known = new Set(words.map(normalised));
  return ({ text, attachments = [], payload }: InboundMessage): boolean =>
    attachments.length === 0 && payload === undefined && known.has(normalised(text));
}

/** A normalised word, for example `stop` for `Stop.`. */
function normalised(text: string): string {
  if (text.length > 100) return "";
  return text.trim().replace(/[.!]$/, "").replace(/\s+/g, " ").toLowerCase();
}
