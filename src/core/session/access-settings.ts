/** Who may talk to the bot on a channel. A channel that everybody may use has none. */
export interface AccessSettings {
  /** `allowlist`: only people on the list. `pairing`: others get a code, with which an operator lets them in. */
  policy: "allowlist" | "pairing";
  /** Identifiers of people who may talk to the bot, in every form that the platform uses. */
  allow: ReadonlySet<string>;
  /** The text for somebody who is not let in, at most once a day. Null: nothing is said. */
  text: string | null;
  /** The text that tells a code: `{code}`. */
  codeText: string;
}

/** The text that tells somebody their code. */
export function codeWords(codeText: string, code: string): string {
  return codeText.replaceAll("{code}", () => code);
}
