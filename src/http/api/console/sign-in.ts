import { hash } from "node:crypto";
import type { Logger } from "../../../core/process/logger.ts";
import type { ConsoleSessions } from "../../../keys/console-session-repository.ts";
import type { KeyCache } from "../../../keys/key-cache.ts";
import type { Attempts } from "../../server/attempts.ts";

/** The proof of a person who signs in: an API key, or a code that works once. */
export type SignInProof = { key: string } | { code: string };

/** Signs a person in. Returns the token of the new session; null if the proof is worth nothing. */
export type SignIn = (proof: SignInProof, address: string) => Promise<{ token: string } | null>;

/** Sign-ins count as attempts of their address, like every other secret. Each failed one is logged. */
export function createSignIn(deps: {
  keys: Pick<KeyCache, "lookup">;
  sessions: Pick<ConsoleSessions, "open" | "redeem">;
  attempts: Attempts;
  log: Logger;
}): SignIn {
  const { keys, sessions, attempts, log } = deps;

  async function open(proof: SignInProof): Promise<{ token: string } | null> {
    if ("code" in proof) return sessions.redeem(proof.code);
    const holder = await keys.lookup(proof.key);
    return holder && sessions.open(holder.id);
  }

  return async (proof, address) => {
    const by = "code" in proof ? "code" : "key";
    const secret = "code" in proof ? proof.code : proof.key;
    const opened = await attempts.check(address, hash("sha256", secret), () => open(proof));
    if (opened) log.info({ address, by }, "a person signed in to the console");
    else log.warn({ address, by }, "a sign-in to the console failed");
    return opened;
  };
}
