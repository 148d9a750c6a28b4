/** Error code of an execution that a handoff cancelled. */
export const HANDOFF_CODE = "handoff";

/** The reason of a request that the user's own words made. */
export const ASKED_BY_USER = "the user asked for a person";

/** Texts for the user about a handoff. Null: nothing is said. */
export interface HandoffTexts {
  requested: string | null;
  /** `{name}` is the person. */
  taken: string | null;
  released: string | null;
  back: string | null;
}

/** Handoff settings of an agent. */
export interface HandoffSettings {
  /** Name of the desk where people are asked; null: only over the API. */
  desk: string | null;
  /** A whole message equal to one of them asks for a person. In lower case. */
  userWords: readonly string[];
  /** A person is asked in place of the apology. */
  onFailure: boolean;
  /** Time without a person's words after which the bot answers again, milliseconds; null: never. */
  idleMs: number | null;
  /** The owner's own words, from their own phone, take the conversation over. */
  ownPhone: boolean;
  texts: HandoffTexts;
}

/** True if a whole message is one of the words that ask for a person. */
export function asksForPerson({ userWords }: HandoffSettings, content: string): boolean {
  return userWords.length > 0 && userWords.includes(comparable(content));
}

/** The form in which user words are compared. */
export function comparable(word: string): string {
  return word.trim().toLowerCase();
}

/** The text for the user that names the person who answers now. */
export function namingText(text: string, name: string): string {
  return text.replaceAll("{name}", () => name);
}
