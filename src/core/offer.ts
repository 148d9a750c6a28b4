import { type Button, optionsOf } from "./button.ts";

/** What a user may write instead of pressing, folded, and the payload it stands for. */
export type Offer = Record<string, string>;

/** Longer texts are no choice among buttons. */
const LONGEST_CHOICE = 120;

/**
 * What may be written in answer to these buttons: a label, or a number where they were written down as a numbered list.
 * What could mean two of them means none. Null: nothing was offered.
 */
export function offerOf(buttons: readonly Button[], numbered: boolean): Offer | null {
  const meanings = new Map<string, string | null>();
  const mean = (written: string | null, payload: string) => {
    if (written === null) return;
    const known = meanings.get(written);
    meanings.set(written, known === undefined || known === payload ? payload : null);
  };
  for (const [index, { label, payload }] of optionsOf(buttons).entries()) {
    mean(choiceOf(label), payload);
    if (numbered) mean(String(index + 1), payload);
  }
  const clear = [...meanings].filter((entry): entry is [string, string] => entry[1] !== null);
  return clear.length === 0 ? null : Object.fromEntries(clear);
}

/** How a text is looked up in an offer: `  YES!` is `yes`, `2)` is `2`. Null: it cannot be a choice. */
export function choiceOf(text: string): string | null {
  if (text.length > LONGEST_CHOICE * 2) return null;
  const folded = text
    .normalize("NFKC")
    .trim()
    .replace(/\s+/g, " ")
    .toLowerCase()
    .replace(/^\((\d+)\)$/, "$1")
    .replace(/(?<=[\p{L}\p{N}])[.!)]$/u, "");
  return folded === "" || folded.length > LONGEST_CHOICE ? null : folded;
}
