import { type Button, optionsOf } from "./button.ts";

/** The answers that a user may type instead of pressing a button. Maps each normalised text to its payload. */
export type TypedChoices = Record<string, string>;

/** A longer text is not a choice among buttons. */
const LONGEST_CHOICE = 120;

/**
 * The texts that are accepted as an answer to these buttons: a label, or a number. Numbers count only if the buttons
 * were shown as a numbered list. A text that fits two buttons is not accepted. Null: there are no options.
 */
export function typedChoicesOf(buttons: readonly Button[], numbered: boolean): TypedChoices | null {
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

/**
 * Normalises a text for the lookup among typed choices: ` YES!` becomes `yes`, `2)` becomes `2`. Null: it cannot be a choice.
 */
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
