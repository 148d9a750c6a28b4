/** A conversation of a channel in which approvers are asked. */
export interface ApproverPlace {
  channelId: string;
  conversation: string;
}

/** The rules about access on a running channel. A channel without rules is open to everybody. */
export interface AccessSettings extends ConfiguredAccess {
  /** The places where approvers are asked, as far as their channels run here. */
  places(): readonly ApproverPlace[];
}

/** The rules about access on a channel, from the configuration. */
export interface ConfiguredAccess {
  /** `allowlist`: only people on the list. `pairing`: others get a code, with which an operator gives them access. */
  policy: "allowlist" | "pairing";
  /** Identifiers of people who may talk to the bot, in every form that the platform uses. */
  allow: ReadonlySet<string>;
  /** The text for a person without access, at most once a day. Null: no text is sent. */
  text: string | null;
  /** The text that tells a code: `{code}`. */
  codeText: string;
  /** The places that are asked about strangers: names of desks, and conversations. */
  approvers: readonly (string | { channel: string; conversation: string })[];
}

/** The text that tells somebody their code. */
export function codeWords(codeText: string, code: string): string {
  return codeText.replaceAll("{code}", () => code);
}
