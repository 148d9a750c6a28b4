/** What a look at something live found: how it stands, which setting it is about, and what to do about it. */
export interface Finding {
  /** `error`: it does not work like this. `warning`: it works, and something is missing or cannot be told. */
  severity: "ok" | "warning" | "error";
  /** The key it is about, below what was looked at: `token`, `oauth.clientId`; empty for all of it. */
  key: string;
  /** What is so, as a sentence. Never holds a secret. */
  what: string;
  /** What to do; null where nothing is to be done. */
  fix: string | null;
}

export const well = (key: string, what: string): Finding => ({ severity: "ok", key, what, fix: null });

export const doubtful = (key: string, what: string, fix: string): Finding => ({
  severity: "warning",
  key,
  what,
  fix,
});

/** Whether a secret of one's own choice could be found by trying. */
export function guessable(key: string, secret: string): Finding[] {
  if (secret.length >= 16) return [];
  const what = `The secret has only ${secret.length} characters: it could be found by trying.`;
  return [doubtful(key, what, "write the output of `openssl rand -hex 32`, here and where it is used")];
}

export const broken = (key: string, what: string, fix: string): Finding => ({
  severity: "error",
  key,
  what,
  fix,
});
