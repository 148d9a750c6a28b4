import { useState } from "preact/hooks";
import { tick } from "../live/feed.ts";
import { callApi, wordsOf } from "../server/call.ts";
import { KEY_ROLES, type KeyRole, REVEAL } from "./key-roles.ts";

/** The wishes for a key. */
export interface KeyWish {
  name: string;
  role: KeyRole;
  /** Counts for viewers alone: all others see contact data anyway. */
  mayReveal: boolean;
}

const NOTHING: KeyWish = { name: "", role: "agent", mayReveal: false };

/** The form of a new key, and the key that was just made. */
export function useNewKey() {
  const [wish, setWish] = useState(NOTHING);
  const [made, setMade] = useState<{ name: string; secret: string } | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const set = (change: Partial<KeyWish>) => setWish((before) => ({ ...before, ...change }));

  async function make(): Promise<void> {
    if (isBusy) return;
    setBusy(true);
    setFailure(null);
    try {
      const { name, role, mayReveal } = wish;
      const revealing = role === "viewer" && mayReveal ? [REVEAL] : [];
      const body = { name: name.trim(), scopes: [...KEY_ROLES[role].scopes, ...revealing] };
      setMade(await callApi<{ name: string; secret: string }>("POST", "/api_keys", { body }));
      set({ name: "" });
    } catch (error) {
      setFailure(wordsOf(error));
    }
    setBusy(false);
    tick();
  }

  return { wish, set, make, isBusy, failure, made, forget: () => setMade(null) };
}
