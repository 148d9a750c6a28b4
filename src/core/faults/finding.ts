/** The result of one check of a live system: its state, the setting it concerns, and the fix. */
export interface Finding {
  /** `error`: it does not work. `warning`: it works, but something is missing or cannot be checked. */
  severity: "ok" | "warning" | "error";
  /**
   * The key that the finding concerns, relative to the checked object: `token`, `oauth.clientId`. Empty: the whole
   * object.
   */
  key: string;
  /** The result as a sentence. Never contains a secret. */
  what: string;
  /** The action to take; null: none is needed. */
  fix: string | null;
}

export const okFinding = (key: string, what: string): Finding => ({ severity: "ok", key, what, fix: null });

export const warningFinding = (key: string, what: string, fix: string): Finding => ({
  severity: "warning",
  key,
  what,
  fix,
});

/** A warning if a self-chosen secret is short enough to guess. */
export function weakSecretFindings(key: string, secret: string): Finding[] {
  if (secret.length >= 16) return [];
  const what = `The secret has only ${secret.length} characters, so it can be guessed.`;
  return [warningFinding(key, what, "write the output of `openssl rand -hex 32`, here and where it is used")];
}

export const errorFinding = (key: string, what: string, fix: string): Finding => ({
  severity: "error",
  key,
  what,
  fix,
});
