/** The words that stand for `/reset` in a voice message. A choice among buttons comes first. */
const RESET = "reset";

/**
 * The form in which spoken words are compared with written ones: `Slash reset.` and `/reset` are the same. Servers write
 * a spoken command with a capital and a full stop, and rarely with a slash.
 */
export function spokenForm(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[\s\p{P}\p{S}]+/gu, " ")
    .trim()
    .replace(/^slash /, "");
}

/** True if a voice message says nothing but the command. */
export function saysReset(words: string): boolean {
  return spokenForm(words) === RESET;
}

/** The one of these words that a voice message says; null if it says something else. */
export function saidWord(candidates: readonly string[], words: string): string | null {
  const spoken = spokenForm(words);
  return candidates.find((candidate) => spoken !== "" && spokenForm(candidate) === spoken) ?? null;
}
